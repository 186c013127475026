const ERASED = '[removed]'
/** A shorter secret is no secret, and could be a part of anything. */
const SHORTEST = 8

/**
 * Takes what the gateway added to a request as a credential out of the answer to it (invariant 20).
 */
export interface CredentialsOut {
  /** Changes each occurrence, as it was sent. */
  text(text: string): string
  /**
   * The same in bytes of any encoding.
   * @param isWhole whether that is all. Otherwise as many bytes are left out at the end as a part
   *   of a credential could have
   */
  bytes(bytes: Uint8Array, isWhole: boolean): Uint8Array
}

/**
 * Agents that show debug pages give back the headers of the request, with the assertion and the
 * agent's own secret.
 *
 * Not found: a credential in another spelling, such as base64 or percent-encoding.
 *
 * @param found is called for each text that held one
 */
export function credentialsOut(credentials: readonly string[], found: () => void): CredentialsOut {
  const text = (given: string): string => {
    let changed = given
    // Most texts are shorter than any of them: every reply's headers come by here.
    for (const secret of credentials)
      if (secret.length >= SHORTEST && changed.length >= secret.length && changed.includes(secret))
        changed = changed.replaceAll(secret, ERASED)
    if (changed !== given) found()
    return changed
  }
  return {
    text,
    bytes(bytes, isWhole) {
      const given = oneCharacterPerByte(bytes)
      const changed = text(given)
      const longest = Math.max(0, ...credentials.map(({ length }) => length))
      const kept = isWhole ? changed : changed.slice(0, Math.max(0, changed.length - longest))
      return kept === given ? bytes : Uint8Array.from(kept, (character) => character.charCodeAt(0))
    },
  }
}

const oneCharacterPerByte = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
