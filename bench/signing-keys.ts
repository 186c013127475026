import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'

let made: Promise<{ keys: JWK[] }> | undefined

/**
 * Returns the gateway's own signing key. The first key of a set signs, and `npm run keys` makes
 * ES256.
 */
export function signingKeys(): Promise<{ keys: JWK[] }> {
  made ??= make()
  return made
}

async function make(): Promise<{ keys: JWK[] }> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { keys: [{ ...jwk, alg: 'ES256', use: 'sig', kid: await calculateJwkThumbprint(jwk) }] }
}
