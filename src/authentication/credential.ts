import { percentDecoded } from '../percent'

const ERASED = '[removed]'
/**
 * The least length of a token in characters. Every token contains a signature, and no signature is
 * shorter. The text that replaces a token (`ERASED`) is shorter than every token.
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
   * Returns the text without the token. This is safe inside JSON, because neither the token nor its
   * replacement needs escaping. A credential that is too short to be a token is not erased, because
   * it could be part of any text. Only public routes, which verify no credential, can receive such
   * a short one.
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
