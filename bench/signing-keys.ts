import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'

let made: Promise<{ keys: JWK[] }> | undefined

/** The gateway's own key. The first one of a set signs, and ES256 is what `npm run keys` makes. */
export function signingKeys(): Promise<{ keys: JWK[] }> {
  made ??= make()
  return made
}

async function make(): Promise<{ keys: JWK[] }> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { keys: [{ ...jwk, alg: 'ES256', use: 'sig', kid: await calculateJwkThumbprint(jwk) }] }
}
