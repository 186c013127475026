/** The least length of THREAD_SECRET. Shorter secrets can be guessed. */
const MIN_SECRET_CHARS = 32

/**
 * The keys with which the gateway seals ids (adds a proof of their owner) and derives ids (computes
 * new ids). All are keys for HMAC-SHA-256, with the usages `sign` and `verify`.
 */
export interface ThreadKeys {
  /** Seals ids, and verifies the seals of ids. */
  readonly current: CryptoKey
  /** Verifies the seals that were made before the last rotation of THREAD_SECRET. */
  readonly previous: CryptoKey | undefined
  /**
   * Derives ids. Derived ids must never change, because with another key no caller could reach
   * existing conversations. This key needs no rotation. A person who knows it can compute the
   * agent's id for a conversation, but cannot use that id, because the gateway derives the ids of
   * each request from the caller whom it verified.
   */
  readonly original: CryptoKey
}

/**
 * Returns the secrets in THREAD_SECRET, which has one secret on each line, the newest first. The
 * first (newest) secret seals ids, the first two verify seals, and the last (oldest) derives ids.
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
