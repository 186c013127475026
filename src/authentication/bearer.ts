import { Refusal } from '../errors/refusal'
import type { CredentialSources } from './authenticator'
import { Credential } from './credential'

/**
 * RFC 6750 section 2.1: a case-insensitive scheme, at least one space, a b64token. The number of
 * spaces has a limit, because JavaScript engines may keep a whole header in memory while a part of
 * it is in use, and verified tokens are kept.
 */
const BEARER = /^bearer {1,8}([A-Za-z0-9\-._~+/]+=*)$/i
/** The same pattern as `BEARER`, but the scheme may be left out. */
const TOKEN = /^(?:bearer {1,8})?([A-Za-z0-9\-._~+/]+=*)$/i

/**
 * Takes the bearer token from a request: from one `Authorization` header, from the places in the
 * body where the route takes tokens, or from both if the tokens are equal. Cookies and form fields
 * are never read.
 *
 * @returns undefined if the request has no credential, or one of another scheme (RFC 6750 section 3
 *   asks for a 401 without an error code then)
 * @throws Refusal `credential-ambiguous` (400)
 */
export function takeBearer({ headers, inBody }: CredentialSources): Credential | undefined {
  const token = tokenIn(headers)
  let found = token === undefined ? undefined : new Credential(token)
  for (const given of inBody) {
    if (given === null || given === '') continue
    const other = typeof given === 'string' ? TOKEN.exec(given)?.[1] : undefined
    if (!other || (found && found.reveal() !== other)) throw new Refusal('credential-ambiguous', 'body')
    found ??= new Credential(other)
  }
  return found
}

/**
 * Takes the token that a proxy in front of the gateway has put into the header `name`.
 * @throws Refusal `credential-ambiguous` (400) if the header holds anything but one token
 */
export function takeHeader(headers: Headers, name: string): Credential | undefined {
  const value = headers.get(name)
  if (value === null || value === '') return undefined
  const token = TOKEN.exec(value)?.[1]
  if (!token) throw new Refusal('credential-ambiguous')
  return new Credential(token)
}

/** Tells whether the headers present a bearer token, valid or not. */
export const hasBearer = (headers: Headers): boolean => /^bearer(?:\s|,|$)/i.test(headers.get('authorization') ?? '')

/**
 * Returns the token in the `Authorization` header. If a request has two such headers, their values
 * arrive joined by a comma, which no token contains.
 */
function tokenIn(headers: Headers): string | undefined {
  const value = headers.get('authorization')
  if (value === null) return undefined
  if (!/^bearer(\s|,|$)/i.test(value) && !value.includes(',')) return undefined
  const token = BEARER.exec(value)?.[1]
  if (!token) throw new Refusal('credential-ambiguous')
  return token
}
