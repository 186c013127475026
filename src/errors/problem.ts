import { type ErrorForm, formed, statusOf } from './forms'
import type { Refusal } from './refusal'

/** The part of a `WWW-Authenticate` challenge that depends on the route. */
export interface ChallengeContext {
  /** The route's id, or the gateway's name if no route matched. */
  readonly realm: string
  /**
   * Functions that write a challenge with the given parameters, one for each kind of credential
   * that the route accepts.
   */
  readonly challenges: readonly ((parameters: string) => string)[]
  /**
   * The URL of the document that tells clients which issuer gives tokens for this resource (RFC
   * 9728 section 5.1).
   */
  readonly resourceMetadata?: string
  /** Scopes that clients should request at sign-in. */
  readonly scopes?: readonly string[]
}

/** The challenge context for a request that matches no route. */
export const outside: ChallengeContext = { realm: 'sallyport', challenges: [] }

/**
 * Writes a refusal as a response: the fields of RFC 9457 section 3.1, and `error` and `message`,
 * because many front ends show one of the two. Its type is `application/json`, because AG-UI's
 * client parses only a type that contains exactly this text.
 *
 * @param cors the headers that let a web page read the response
 * @param form the form of errors that clients of the endpoint understand; absent if no endpoint is
 * known
 */
export function problem(
  refusal: Refusal,
  requestId: string,
  context: ChallengeContext,
  cors: Readonly<Record<string, string>> = {},
  form?: ErrorForm,
): Response {
  const { code, extras } = refusal
  const { status, title, detail: usual } = refusal.row
  const detail = extras.detail ?? usual
  const headers = new Headers({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
    ...cors,
  })
  const challenge = challengeOf(refusal, context)
  if (challenge) headers.set('www-authenticate', challenge)
  const retryAfter = extras.retryAfter ?? refusal.row.retryAfter
  if (retryAfter !== undefined) headers.set('retry-after', String(retryAfter))
  if (extras.allow) headers.set('allow', extras.allow.join(', '))
  if (extras.rateLimit) headers.set('ratelimit', extras.rateLimit.state)
  if (code === 'upgrade-refused') headers.set('upgrade', 'HTTP/1.1')
  const body = {
    type: `urn:sallyport:error:${code}`,
    title,
    status,
    code,
    detail,
    requestId,
    error: title,
    // If the request for a runtime's `/info` is refused, CopilotKit's client shows only `message`.
    message: detail,
    ...(extras.scopes && { scopes: extras.scopes }),
    ...(extras.field && { field: extras.field }),
    // Some clients drop headers, so the body repeats the values that headers have.
    ...(retryAfter !== undefined && { retryAfter }),
    ...(extras.limit && { limit: extras.limit }),
    ...(extras.rateLimit && { rateLimit: extras.rateLimit }),
  }
  return new Response(JSON.stringify(formed(refusal, body, form)), { status: statusOf(refusal, form), headers })
}

function challengeOf(
  { row, extras }: Refusal,
  { realm, challenges, resourceMetadata, scopes = [] }: ChallengeContext,
): string | undefined {
  if (!row.challenge) return undefined
  const parts = [`realm="${realm}"`]
  // RFC 6750 section 3.1: a request without credentials gets no error code.
  if (row.challenge !== 'bare') parts.push(`error="${row.challenge}"`, `error_description="${row.title}"`)
  const wanted = extras.scopes ?? (row.status === 401 ? scopes : [])
  if (wanted.length > 0) parts.push(`scope="${wanted.join(' ')}"`)
  if (resourceMetadata !== undefined) parts.push(`resource_metadata="${resourceMetadata}"`)
  return challenges.map((challenge) => challenge(parts.join(', '))).join(', ')
}
