import { exportJWK, generateKeyPair } from 'jose'

/** Makes the secret SIGNING_KEYS for a gateway in a test, with one key for each algorithm. */
export async function signingKeysFor(algorithms: readonly string[]): Promise<string> {
  const keys = [...new Set(algorithms)].map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true })
    return { ...(await exportJWK(privateKey)), alg, kid: `test-${alg}`, use: 'sig' }
  })
  return JSON.stringify({ keys: await Promise.all(keys) })
}
