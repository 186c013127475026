import { percentDecoded } from '../percent'

const ERASED = '[removed]'
/**
 * The least length of a token in characters. Every token has a signature, and no signature is
 * shorter. The text that replaces a token is shorter than this.
 */
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

  /** Tells whether a text contains the token, percent-encoded or not. */
  isIn(text: string): boolean {
    return (
      text.includes(this.#token) ||
      (text.includes('%') && percentDecoded(text).some((form) => form.includes(this.#token)))
    )
  }

  /**
   * Returns the text without the token. This is safe inside JSON: neither the token nor its
   * replacement needs escaping there. A credential too short to be a token (public routes do not
   * verify it) is not erased, because it could be part of any text.
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

/** Returns a text without the caller's token, or unchanged if there is no token. */
export function eraseToken(text: string | undefined, credential: Credential | undefined): string | undefined {
  return text === undefined || !credential ? text : credential.eraseFrom(text)
}
