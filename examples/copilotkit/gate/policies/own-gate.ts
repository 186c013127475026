import { defineIssuer } from 'sallyport'

/** This gateway itself, as the issuer of what the route "copilotkit" hands to the runtime. */
export default defineIssuer({
  id: 'own-gate',
  issuer: { env: 'PUBLIC_URL' },
  audience: ['copilotkit'],
  algorithms: ['ES256'],
})
