import { base64url, type JWK } from 'jose'
import { fitsAlgorithm, importKey, isWeak, jwsAlgorithms, publicMembers, thumbprintOf } from '../jws'
import { type SigningAlgorithm, signingAlgorithmNames } from './algorithms'

/**
 * The `typ` of an assertion. An assertion in a header of its own has a special type, so that it
 * cannot be mistaken for an access token.
 */
export type AssertionType = 'JWT' | 'sallyport+jwt'

export interface SigningKey {
  readonly kid: string
  readonly algorithm: SigningAlgorithm
  readonly key: CryptoKey
  /**
   * The protected header (RFC 7515 section 7.1) of the assertions that this key signs: one for each
   * `typ`, in base64url.
   */
  readonly headers: Readonly<Record<AssertionType, string>>
  /** The public part of the key, which is published. It contains no private member. */
  readonly publicJwk: JWK
}

/** The signing keys from the secret SIGNING_KEYS, or the reason why there are none. */
export type SigningKeys =
  | { readonly keys: readonly SigningKey[]; readonly fault?: undefined }
  | { readonly keys: readonly []; readonly fault: KeyFault }

/** The reasons why the signing keys cannot be used. No reason contains any part of the secret. */
export type KeyFault =
  | 'missing'
  | 'not-json'
  | 'not-a-key-set'
  | 'not-private'
  | 'weak'
  | 'unsupported'
  | 'duplicate-kid'

/**
 * Reads a private JWK Set (RFC 7517). The first key in the set for each algorithm signs, and the
 * public parts of all keys are published. One bad key makes the whole set unusable, because
 * otherwise a rotation of keys could fail unnoticed.
 */
export async function readSigningKeys(secret: string | undefined): Promise<SigningKeys> {
  if (!secret) return { keys: [], fault: 'missing' }
  let parsed: unknown
  try {
    parsed = JSON.parse(secret)
  } catch {
    return { keys: [], fault: 'not-json' }
  }
  const jwks = (parsed as { keys?: unknown } | null)?.keys
  if (!Array.isArray(jwks) || jwks.length === 0) return { keys: [], fault: 'not-a-key-set' }
  const keys: SigningKey[] = []
  for (const jwk of jwks) {
    const read = await readKey(jwk as JWK)
    if (typeof read === 'string') return { keys: [], fault: read }
    if (keys.some(({ kid }) => kid === read.kid)) return { keys: [], fault: 'duplicate-kid' }
    keys.push(read)
  }
  return { keys }
}

/** The most characters of a key id, because verifiers refuse longer ids. */
const MAX_KID_CHARS = 256

async function readKey(jwk: JWK): Promise<SigningKey | KeyFault> {
  if (typeof jwk !== 'object' || jwk === null) return 'unsupported'
  const algorithm = signingAlgorithmNames.find((name) => fitsAlgorithm(jwk, name))
  if (!algorithm) return 'unsupported'
  if (typeof jwk.d !== 'string') return 'not-private'
  const { kid: ownId } = jwk
  if (jwk.use !== undefined && jwk.use !== 'sig') return 'unsupported'
  if (ownId !== undefined && (typeof ownId !== 'string' || ownId === '' || ownId.length > MAX_KID_CHARS))
    return 'unsupported'
  try {
    const key = await importKey(jwk, algorithm, 'sign')
    if (isWeak(key)) return 'weak'
    if (!(await isPair(key, jwk, algorithm))) return 'unsupported'
    const kid = ownId ?? (await thumbprintOf(jwk, algorithm))
    const headerOf = (typ: AssertionType) => base64url.encode(JSON.stringify({ alg: algorithm, typ, kid }))
    const headers = { JWT: headerOf('JWT'), 'sallyport+jwt': headerOf('sallyport+jwt') }
    const publicJwk = { ...publicMembers(jwk, algorithm), kid, alg: algorithm, use: 'sig' }
    return { kid, algorithm, key, headers, publicJwk }
  } catch {
    return 'unsupported'
  }
}

/**
 * Tells whether the public key that is published verifies the signatures of the private key. Not
 * every platform checks this when it imports a key.
 */
async function isPair(key: CryptoKey, jwk: JWK, algorithm: SigningAlgorithm): Promise<boolean> {
  const { webCrypto } = jwsAlgorithms[algorithm]
  const text = new TextEncoder().encode('pair')
  const signature = await crypto.subtle.sign(webCrypto, key, text)
  return crypto.subtle.verify(webCrypto, await importKey(jwk, algorithm, 'verify'), signature, text)
}
