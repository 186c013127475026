import type { JwsAlgorithm } from '../jws'

/**
 * The algorithms that the gateway signs with. The configuration schema, the keys, the signatures
 * and the commands all use this list. The first algorithm is the default.
 */
export const signingAlgorithmNames = ['ES256', 'RS256', 'EdDSA'] as const satisfies readonly JwsAlgorithm[]

export type SigningAlgorithm = (typeof signingAlgorithmNames)[number]

export const [defaultSigningAlgorithm] = signingAlgorithmNames

export const isSigningAlgorithm = (name: string): name is SigningAlgorithm =>
  (signingAlgorithmNames as readonly string[]).includes(name)
