import { defineIssuer } from 'sallyport'

/**
 * This gateway itself as a trusted issuer. It issues the assertions that the route "copilotkit"
 * sends.
 */
export default defineIssuer({
  id: 'own-gate',
  issuer: { env: 'PUBLIC_URL' },
  audience: ['copilotkit'],
  algorithms: ['ES256'],
})
