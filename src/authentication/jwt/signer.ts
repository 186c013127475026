import { type JwsAlgorithm, jwsAlgorithms } from '../../jws'
import type { CompactToken } from './compact'

/** The key whose signature a token has; undefined where it is none of these. */
export async function signerOf(
  { signed, signature }: CompactToken,
  alg: JwsAlgorithm,
  keys: readonly CryptoKey[],
): Promise<CryptoKey | undefined> {
  const { webCrypto } = jwsAlgorithms[alg]
  for (const key of keys) {
    // workerd throws at an Ed25519 signature of another length, which is the token's fault: the key
    // has been imported.
    const isSigner = await crypto.subtle.verify(webCrypto, key, signature, signed).catch(() => false)
    if (isSigner) return key
  }
  return undefined
}
