import { type JwsAlgorithm, jwsAlgorithms } from '../../jws'
import type { CompactToken } from './compact'

/** Returns the key that signed a token; undefined if none of these keys did. */
export async function signerOf(
  { signed, signature }: CompactToken,
  alg: JwsAlgorithm,
  keys: readonly CryptoKey[],
): Promise<CryptoKey | undefined> {
  const { webCrypto } = jwsAlgorithms[alg]
  for (const key of keys) {
    // workerd (the Workers runtime) throws if an Ed25519 signature has the wrong length. This is
    // the token's fault, since the key could be imported.
    const isSigner = await crypto.subtle.verify(webCrypto, key, signature, signed).catch(() => false)
    if (isSigner) return key
  }
  return undefined
}
