import type { RefusalRow } from './refusal-row'

/**
 * All refusals of the gateway. The gateway cannot throw a refusal that is not in this table. Each
 * row is written for the person who reads the reply, so it names no token, claim, key, address or
 * policy.
 */
export const refusals = {
  'path-not-canonical': {
    status: 400,
    title: 'Path not canonical',
    detail:
      'The path has an empty segment, a needless or double percent-encoding, an encoded slash, a semicolon or a control character. Send it without them.',
  },
  'path-too-long': {
    status: 414,
    title: 'URL too long',
    detail: 'The path and query exceed 4096 characters.',
  },
  'host-unknown': {
    status: 421,
    title: 'Host not served here',
    detail: 'This gateway answers only under its own public URL.',
  },
  'route-unknown': { status: 404, title: 'Not found', detail: 'No route of this gateway has this path.' },
  'operation-unknown': {
    status: 404,
    title: 'Not found',
    detail: 'This route does not offer this endpoint.',
  },
  'thread-unknown': {
    status: 404,
    title: 'Not found',
    detail: 'There is no such thread, run or session, or it is not yours.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    detail: 'This endpoint does not accept this method. The Allow header lists its methods.',
  },
  'cors-origin-refused': {
    status: 403,
    title: 'Origin not allowed',
    detail: 'This web origin is not in the cors.origins of the route.',
  },
  'credential-ambiguous': {
    status: 400,
    title: 'Malformed authorization',
    detail: 'Send one Authorization header with one Bearer token.',
    challenge: 'invalid_request',
  },
  'token-in-url': {
    status: 400,
    title: 'Token in the URL',
    detail: 'Send tokens in the Authorization header only: other systems log URLs.',
    challenge: 'invalid_request',
  },
  'token-missing': {
    status: 401,
    title: 'Sign-in required',
    detail:
      'Send an access token in the Authorization header, as "Bearer <token>", or an API key if this route accepts keys.',
    challenge: 'bare',
  },
  'token-invalid': {
    status: 401,
    title: 'Token not accepted',
    detail: 'The token or API key is malformed, not meant for this route, or from an issuer that it does not trust.',
    challenge: 'invalid_token',
  },
  'token-expired': {
    status: 401,
    title: 'Token expired',
    detail: 'The token has expired. Get a fresh one and try again.',
    challenge: 'invalid_token',
  },
  'policy-denied': {
    status: 403,
    title: 'Not permitted',
    detail: 'You are signed in, but the policy of this route does not permit this operation.',
  },
  'scope-insufficient': {
    status: 403,
    title: 'Scope missing',
    detail: 'You are signed in, but the token lacks a scope that this operation needs.',
    challenge: 'insufficient_scope',
  },
  'tenant-missing': {
    status: 403,
    title: 'Tenant missing',
    detail: 'Threads of this route belong to tenants, but your token names no tenant.',
  },
  'field-forbidden': {
    status: 403,
    title: 'Field not permitted',
    detail: 'The body has a field that callers may not set on this route.',
  },
  'body-invalid': {
    status: 400,
    title: 'Body not readable',
    detail: 'Send one JSON document in UTF-8, at most 64 levels deep, as the protocol of this endpoint defines it.',
  },
  'header-mismatch': {
    status: 400,
    title: 'Headers and body differ',
    detail: 'A header names another method or tool than the body does.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too many requests',
    detail: 'A rate limit is reached. Wait for the number of seconds in Retry-After.',
    retryAfter: 60,
  },
  'body-too-slow': { status: 408, title: 'Body too slow', detail: 'The body did not arrive in time.' },
  'gateway-busy': {
    status: 503,
    title: 'Gateway busy',
    detail: 'Too many bodies are being read. Nothing was done; try again shortly.',
    retryAfter: 5,
  },
  'body-too-large': { status: 413, title: 'Body too large', detail: "The body exceeds the route's limit." },
  'media-type-refused': {
    status: 415,
    title: 'Media type not supported',
    detail: 'Send application/json in UTF-8, without a content-encoding.',
  },
  'upgrade-refused': {
    status: 426,
    title: 'Upgrade not supported',
    detail: 'This endpoint accepts no WebSocket connections.',
  },
  'assertion-too-large': {
    status: 431,
    title: 'Identity too large',
    detail: 'The identity of the caller is too long for a header.',
  },
  'client-gone': {
    status: 499,
    title: 'Client closed the request',
    detail: 'The client left before the reply.',
  },
  'loop-detected': {
    status: 508,
    title: 'Loop detected',
    detail: 'The request has already passed through this gateway.',
  },
  'origin-unreachable': {
    status: 502,
    title: 'Agent unreachable',
    detail: 'The agent did not answer. The request may or may not have reached it.',
    retryAfter: 5,
  },
  'origin-reply-refused': {
    status: 502,
    title: 'Agent reply refused',
    detail: 'The agent answered in a way that this gateway does not pass on.',
  },
  'origin-unauthorized': {
    status: 502,
    title: 'Agent refused the gateway',
    detail: 'The agent did not accept the credential that this gateway sent.',
  },
  'origin-busy': {
    status: 503,
    title: 'Agent busy',
    detail: 'The agent is too busy to confirm who owns this thread. Nothing was done; try again shortly.',
    retryAfter: 5,
  },
  'origin-timeout': {
    status: 504,
    title: 'Agent timed out',
    detail: 'The agent did not begin its reply in time.',
    retryAfter: 5,
  },
  'keys-unavailable': {
    status: 503,
    title: 'Cannot verify tokens now',
    detail: "The identity provider's keys cannot be fetched right now. Your token may be fine; try again shortly.",
    retryAfter: 10,
  },
  'api-keys-unavailable': {
    status: 503,
    title: 'Cannot look up API keys now',
    detail: 'API keys cannot be looked up right now. Your key may be fine; try again shortly.',
    retryAfter: 5,
  },
  'revocations-unavailable': {
    status: 503,
    title: 'Cannot confirm access now',
    detail: 'The list of revocations cannot be read right now. Your token may be fine; try again shortly.',
    retryAfter: 10,
  },
  'route-closed': {
    status: 503,
    title: 'Closed for now',
    detail: 'The operator of this gateway has closed this route.',
    retryAfter: 60,
  },
  'signing-unavailable': {
    status: 503,
    title: 'Cannot sign identity now',
    detail: 'The gateway has no usable signing key. The log of the gateway names the cause.',
    retryAfter: 60,
  },
  'configuration-incomplete': {
    status: 503,
    title: 'Route not configured',
    detail: 'A secret of this route is not set. The log of the gateway names the secret.',
    retryAfter: 60,
  },
  'internal-error': {
    status: 500,
    title: 'Internal error',
    detail: 'The gateway failed. Its log has a line with the request id.',
  },
} as const satisfies Record<string, RefusalRow>

export type RefusalCode = keyof typeof refusals
