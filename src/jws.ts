import type { JWK } from 'jose'
import { sha256Text } from './sha256'

interface Row {
  /** The algorithm in the form in which WebCrypto imports a key and uses it. */
  readonly webCrypto: {
    readonly name: string
    readonly hash?: string
    readonly namedCurve?: string
    readonly saltLength?: number
  }
  /** The key type, and the curve if there is one. */
  readonly kty: 'EC' | 'OKP' | 'RSA'
  readonly crv?: string
  /** The members of a key, besides `kty`, that make up its public part. */
  readonly members: readonly ('crv' | 'x' | 'y' | 'n' | 'e')[]
}

const rsa = (name: string, bits: number, saltLength?: number) =>
  ({
    webCrypto: { name, hash: `SHA-${bits}`, ...(saltLength && { saltLength }) },
    kty: 'RSA',
    members: ['n', 'e'],
  }) as const
const ec = (crv: string, bits: number) =>
  ({
    webCrypto: { name: 'ECDSA', namedCurve: crv, hash: `SHA-${bits}` },
    kty: 'EC',
    crv,
    members: ['crv', 'x', 'y'],
  }) as const
const ed25519 = { webCrypto: { name: 'Ed25519' }, kty: 'OKP', crv: 'Ed25519', members: ['crv', 'x'] } as const

/**
 * Signature algorithms by the names of RFC 7518 section 3.1, RFC 8037 and RFC 9864. All are
 * asymmetric, because with a shared secret every verifier could also sign.
 */
export const jwsAlgorithms = {
  RS256: rsa('RSASSA-PKCS1-v1_5', 256),
  RS384: rsa('RSASSA-PKCS1-v1_5', 384),
  RS512: rsa('RSASSA-PKCS1-v1_5', 512),
  PS256: rsa('RSA-PSS', 256, 32),
  PS384: rsa('RSA-PSS', 384, 48),
  PS512: rsa('RSA-PSS', 512, 64),
  ES256: ec('P-256', 256),
  ES384: ec('P-384', 384),
  ES512: ec('P-521', 512),
  EdDSA: ed25519,
  Ed25519: ed25519,
} as const satisfies Record<string, Row>

export type JwsAlgorithm = keyof typeof jwsAlgorithms

export const jwsAlgorithmNames = Object.keys(jwsAlgorithms) as [JwsAlgorithm, ...JwsAlgorithm[]]

const MIN_RSA_BITS = 2048

/**
 * Tells whether a key fits an algorithm, by the key's type and curve, and by its `alg` if the key
 * has one.
 */
export function fitsAlgorithm({ kty, crv, alg }: JWK, name: JwsAlgorithm): boolean {
  const row: Row = jwsAlgorithms[name]
  // `EdDSA` is the older name of `Ed25519`, and a key may have either.
  const isNamed = typeof alg !== 'string' || alg === name || (row === ed25519 && (alg === 'EdDSA' || alg === 'Ed25519'))
  return isNamed && kty === row.kty && crv === row.crv
}

/**
 * Returns the public members of a key. Only these are copied, so a private member cannot be copied
 * by mistake.
 */
export function publicMembers(jwk: JWK, name: JwsAlgorithm): JWK {
  const { kty, members } = jwsAlgorithms[name] as Row
  return Object.fromEntries([['kty', kty], ...members.map((member) => [member, jwk[member]])])
}

/** Returns the thumbprint of a key (RFC 7638): SHA-256 of its public members, sorted by name. */
export const thumbprintOf = (jwk: JWK, name: JwsAlgorithm): Promise<string> =>
  sha256Text(JSON.stringify(Object.fromEntries(Object.entries(publicMembers(jwk, name)).sort())))

/**
 * Imports a public key to verify, or a private one to sign.
 * @throws DOMException if the key does not fit the algorithm
 */
export function importKey(jwk: JWK, name: JwsAlgorithm, use: 'sign' | 'verify'): Promise<CryptoKey> {
  const { ext, key_ops, use: _, alg, ...members } = jwk
  const data = use === 'verify' ? publicMembers(jwk, name) : members
  return crypto.subtle.importKey('jwk', data as JsonWebKey, jwsAlgorithms[name].webCrypto, false, [use])
}

/** Tells whether a key is an RSA key of less than 2,048 bits (RFC 7518 section 3.3). */
export const isWeak = ({ algorithm }: CryptoKey): boolean =>
  'modulusLength' in algorithm && Number(algorithm.modulusLength) < MIN_RSA_BITS
