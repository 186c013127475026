import { Refusal } from '../errors/refusal'
import type { Target } from '../request/target'

const ERASED = '[removed]'
/** No signature has fewer characters; and what replaces a token is shorter than this. */
const SHORTEST = 43

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

  /** Whether a text carries the token, percent-encoded or not. */
  isIn(text: string): boolean {
    return text.includes(this.#token) || (text.includes('%') && decoded(text).includes(this.#token))
  }

  /**
   * The text without the token. Safe inside JSON: neither the token nor what replaces it needs escaping there. What is too short
   * to be a token (on a public route nobody has verified it) stays, for it could be a part of anything.
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

/** RFC 6750 section 2.1: a case-insensitive scheme, one space, a b64token. */
const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i
/** The same where the scheme may be left out. */
const TOKEN = /^(?:bearer +)?([A-Za-z0-9\-._~+/]+=*)$/i

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

/**
 * The one credential of a request whose body may carry a token too: the header's, or the body's, or both where they are the same.
 *
 * @param inBody as it stands there: the token, with or without "Bearer " before it
 * @throws Refusal `credential-ambiguous` where they differ or one is no token; `token-in-url`
 */
export function oneCredential(
  inHeader: Credential | undefined,
  inBody: readonly unknown[],
  { path, query }: Target,
): Credential | undefined {
  let one = inHeader
  for (const given of inBody) {
    if (given === null || given === '') continue
    const token = typeof given === 'string' ? TOKEN.exec(given)?.[1] : undefined
    if (!token || (one && one.reveal() !== token)) throw new Refusal('credential-ambiguous', 'body')
    one ??= new Credential(token)
  }
  if (one?.isIn(path + query)) throw new Refusal('token-in-url')
  return one
}

/** A text without the caller's token, where there is either. */
export function eraseToken(text: string | undefined, credential: Credential | undefined): string | undefined {
  return text === undefined || !credential ? text : credential.eraseFrom(text)
}

/** As often as it is encoded, but not for ever. Tokens are ASCII, so bytes are characters here. */
function decoded(text: string, depth = 3): string {
  const once = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return once === text || depth === 0 ? once : decoded(once, depth - 1)
}
