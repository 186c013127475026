/** Shorter ones can be guessed. */
const MIN_SECRET_CHARS = 32

/** The keys of sealed and derived ids: HMAC-SHA-256, with the usages `sign` and `verify`. */
export interface ThreadKeys {
  /** Seals. */
  readonly current: CryptoKey
  /** Opens what was sealed before the last rotation. */
  readonly previous: CryptoKey | undefined
  /**
   * Derives ids, the same ones for ever: another key would part everybody from their conversations.
   * It needs no rotation. A person who knows it can compute the id that an agent has for a
   * conversation, and can do nothing with that: the gateway derives the ids of each request from
   * the caller whom it verified.
   */
  readonly original: CryptoKey
}

/**
 * THREAD_SECRET: one secret a line, the newest first. The first seals, the first two open, the last
 * derives.
 */
export const secretsIn = (secret: string): readonly string[] =>
  secret
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** Says what is wrong with THREAD_SECRET, without a word of it. */
export function threadSecretFault(secret: string | undefined): string | undefined {
  const secrets = secretsIn(secret ?? '')
  if (secrets.length === 0) return 'is not set'
  return secrets.some((each) => each.length < MIN_SECRET_CHARS)
    ? `has fewer than ${MIN_SECRET_CHARS} characters`
    : undefined
}

/** @param secret without a fault */
export async function importThreadKeys(secret: string): Promise<ThreadKeys> {
  const [current = '', previous] = secretsIn(secret)
  const original = secretsIn(secret).at(-1) ?? ''
  return {
    current: await importKey(current),
    previous: previous === undefined ? undefined : await importKey(previous),
    original: await importKey(original),
  }
}

const importKey = (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', new TextEncoder().encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ])
