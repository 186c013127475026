/**
 * The algorithms that the gateway signs with: the one list, from which schema, keys, signatures and commands are made.
 * Names are those of RFC 7518 section 3.1 and RFC 8037.
 */
export const signingAlgorithms = {
  ES256: {
    webCrypto: { name: 'ECDSA', hash: 'SHA-256' },
    fits: ({ kty, crv }) => kty === 'EC' && crv === 'P-256',
    publicMembers: ['crv', 'x', 'y'],
  },
  RS256: { webCrypto: { name: 'RSASSA-PKCS1-v1_5' }, fits: ({ kty }) => kty === 'RSA', publicMembers: ['n', 'e'] },
  EdDSA: { webCrypto: { name: 'Ed25519' }, fits: ({ crv }) => crv === 'Ed25519', publicMembers: ['crv', 'x'] },
} as const satisfies Record<string, Row>

interface Row {
  /** The algorithm of `crypto.subtle.sign`. */
  readonly webCrypto: { readonly name: string; readonly hash?: string; readonly saltLength?: number }
  /** Whether a key is one for it. */
  readonly fits: (jwk: { readonly kty?: string; readonly crv?: string }) => boolean
  /** Members of a key that are published beside `kty`, `kid`, `alg` and `use`. */
  readonly publicMembers: readonly string[]
}

export type SigningAlgorithm = keyof typeof signingAlgorithms

/** Their names; the first is the default. */
export const signingAlgorithmNames = Object.keys(signingAlgorithms) as [SigningAlgorithm, ...SigningAlgorithm[]]

export const [defaultSigningAlgorithm] = signingAlgorithmNames

export const isSigningAlgorithm = (name: string): name is SigningAlgorithm => Object.hasOwn(signingAlgorithms, name)
