const ERASED = '[removed]'
/** Shorter secrets are not removed: any text could contain them by chance. */
const SHORTEST = 8

/**
 * A filter for answers: it removes the credentials that the gateway added to the request (invariant
 * 20 in ARCHITECTURE.md).
 */
export interface CredentialsOut {
  /** Replaces each occurrence of a credential that is spelt as it was sent to the agent. */
  text(text: string): string
  /**
   * Replaces credentials in bytes of any encoding, as `text` does in a text.
   * @param isWhole whether these are all bytes of the answer. If not, the last bytes are left out,
   *   as many as the longest credential has, because they could hold the beginning of a credential
   */
  bytes(bytes: Uint8Array, isWhole: boolean): Uint8Array
}

/**
 * Creates the filter. It is needed because an agent may answer with a debug page that shows the
 * headers of the request. These headers contain the assertion and the agent's own secret.
 *
 * The filter does not find a credential in another spelling, such as base64 or percent-encoding.
 *
 * @param found is called for each text that contained a credential
 */
export function credentialsOut(credentials: readonly string[], found: () => void): CredentialsOut {
  const text = (given: string): string => {
    let changed = given
    // Lengths are compared first, because most texts are response headers, which are shorter than
    // any credential.
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
