/** The least length of THREAD_SECRET. Shorter secrets can be guessed. */
const MIN_SECRET_CHARS = 32

/**
 * The keys with which the gateway seals ids (adds a proof of their owner) and derives ids (computes
 * new ones). All are HMAC-SHA-256, with the usages `sign` and `verify`.
 */
export interface ThreadKeys {
  /** Seals ids, and opens them. */
  readonly current: CryptoKey
  /** Opens ids that were sealed before the last rotation. */
  readonly previous: CryptoKey | undefined
  /**
   * Derives ids, which must never change: with another key all callers would lose their
   * conversations. This key needs no rotation. A person who knows it can compute an agent's id for
   * a conversation, but cannot use it: the gateway derives the ids of each request from the caller
   * whom it verified.
   */
  readonly original: CryptoKey
}

/**
 * Returns the secrets in THREAD_SECRET, one on each line, the newest first. The first seals ids,
 * the first two open them, and the last derives them.
 */
export const secretsIn = (secret: string): readonly string[] =>
  secret
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** Says what is wrong with THREAD_SECRET, without repeating any part of it. */
export function threadSecretFault(secret: string | undefined): string | undefined {
  const secrets = secretsIn(secret ?? '')
  if (secrets.length === 0) return 'is not set'
  return secrets.some((each) => each.length < MIN_SECRET_CHARS)
    ? `has fewer than ${MIN_SECRET_CHARS} characters`
    : undefined
}

/** Imports the keys from the secret. @param secret THREAD_SECRET without a fault */
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
