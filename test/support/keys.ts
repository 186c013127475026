import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { signingAlgorithmNames } from '../../src/assertion/algorithms'

export async function privateKey(alg: string, options: { modulusLength?: number } = {}): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, ...options })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) }
}

let keys: Promise<{ keys: JWK[] }> | undefined

/** The gateway's signing keys in tests: one for each algorithm, created in each process. */
export function signingKeys(): Promise<{ keys: JWK[] }> {
  keys ??= Promise.all(signingAlgorithmNames.map((name) => privateKey(name))).then((made) => ({ keys: made }))
  return keys
}

/** The public part, as an identity provider publishes it. */
export function publicJwk({ d, p, q, dp, dq, qi, ...jwk }: JWK): JWK {
  return jwk
}
