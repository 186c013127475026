import { percentDecoded } from '../percent'

const ERASED = '[removed]'
/** No signature has fewer characters; and what replaces a token is shorter than this. */
const SHORTEST = 43

/**
 * The caller's token. Its text is in a private field, so that it cannot be logged, serialised or
 * sent by mistake; `reveal` is for verification alone.
 */
export class Credential {
  readonly #token: string

  constructor(token: string) {
    this.#token = token
  }

  reveal(): string {
    return this.#token
  }

  /** Whether a text carries the token, percent-encoded or not. */
  isIn(text: string): boolean {
    return (
      text.includes(this.#token) ||
      (text.includes('%') && percentDecoded(text).some((form) => form.includes(this.#token)))
    )
  }

  /**
   * The text without the token. Safe inside JSON: neither the token nor what replaces it needs
   * escaping there. A text that is too short to be a token (on a public route nobody has verified
   * it) stays, for it could be a part of anything.
   */
  eraseFrom(text: string): string {
    return this.#token.length < SHORTEST ? text : text.replaceAll(this.#token, ERASED)
  }

  toString(): string {
    return ERASED
  }

  toJSON(): string {
    return ERASED
  }
}

/** A text without the caller's token, where there is either. */
export function eraseToken(text: string | undefined, credential: Credential | undefined): string | undefined {
  return text === undefined || !credential ? text : credential.eraseFrom(text)
}
