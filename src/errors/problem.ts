import type { Refusal } from './refusal'

/**
 * A refusal on the wire: the fields of RFC 9457 section 3.1 in `application/json`, because AG-UI's client parses only a
 * type that contains exactly that, and an `error` string for the many front ends that show one.
 *
 * @param realm the route's id, or the gateway's name where no route matched
 */
export function problem(refusal: Refusal, requestId: string, realm: string): Response {
  const { code, said } = refusal
  const { status, title, detail } = refusal.row
  const headers = new Headers({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'private, no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  })
  const challenge = challengeOf(refusal, realm)
  if (challenge) headers.set('www-authenticate', challenge)
  if (refusal.row.retryAfter) headers.set('retry-after', String(refusal.row.retryAfter))
  if (said.allow) headers.set('allow', said.allow.join(', '))
  if (code === 'upgrade-refused') headers.set('upgrade', 'HTTP/1.1')
  const body = {
    type: `urn:sallyport:error:${code}`,
    title,
    status,
    code,
    detail,
    requestId,
    error: title,
    ...(said.scopes && { scopes: said.scopes }),
    ...(said.field && { field: said.field }),
  }
  return new Response(JSON.stringify(body), { status, headers })
}

function challengeOf({ row, said }: Refusal, realm: string): string | undefined {
  if (!row.challenge) return undefined
  const parts = [`Bearer realm="${realm}"`]
  // RFC 6750 section 3.1: a request without credentials gets no error code.
  if (row.challenge !== 'bare') parts.push(`error="${row.challenge}"`, `error_description="${row.title}"`)
  if (said.scopes?.length) parts.push(`scope="${said.scopes.join(' ')}"`)
  return parts.join(', ')
}
