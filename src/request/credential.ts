import { Refusal } from '../errors/refusal'
import type { Target } from './target'

const ERASED = '[removed]'

/**
 * The caller's token. Its text is in a private field, so that it cannot be logged, serialised or sent by mistake; `reveal`
 * is for verification alone.
 */
export class Credential {
  readonly #token: string

  constructor(token: string) {
    this.#token = token
  }

  reveal(): string {
    return this.#token
  }

  /** Whether a text carries the token. */
  isIn(text: string): boolean {
    return text.includes(this.#token)
  }

  /** The text without the token. Safe inside JSON: neither the token nor what replaces it needs escaping there. */
  eraseFrom(text: string): string {
    return text.replaceAll(this.#token, ERASED)
  }

  toString(): string {
    return ERASED
  }

  toJSON(): string {
    return ERASED
  }
}

/** RFC 6750 section 2.1: a case-insensitive scheme, one space, a b64token. */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i

/**
 * Takes the token off a request: one `Authorization` header, one `Bearer` scheme. Two headers arrive joined by a comma, which
 * no token contains. Cookies and form fields are never read.
 *
 * @returns undefined where there is no credential, or one of another scheme (RFC 6750 section 3: that is a 401 without error)
 * @throws Refusal `credential-ambiguous` or `token-in-url` (400)
 */
export function takeCredential(headers: Headers, { path, query }: Target): Credential | undefined {
  const value = headers.get('authorization')
  if (value === null) return undefined
  if (!/^bearer(\s|,|$)/i.test(value) && !value.includes(',')) return undefined
  const token = BEARER.exec(value)?.[1]
  if (!token) throw new Refusal('credential-ambiguous')
  const credential = new Credential(token)
  if (credential.isIn(path + query)) throw new Refusal('token-in-url')
  return credential
}
