import { Refusal } from '../errors/refusal'
import { WebOrigins } from './web-origins'

/** How long a browser may remember a preflight's answer. Chromium caps it at two hours. */
const PREFLIGHT_SECONDS = 600

const REQUEST_HEADERS = ['content-type', 'last-event-id', 'accept', 'traceparent', 'tracestate', 'idempotency-key']
const EXPOSED_HEADERS = [
  'content-location',
  'location',
  'retry-after',
  'www-authenticate',
  'x-pagination-next',
  'x-pagination-total',
  'x-request-id',
]

/** The members of a route that CORS reads. */
export interface CorsRules {
  /** None means that no browser of another origin may read replies. */
  readonly origins: WebOrigins
  /**
   * Whether pages may send requests with `credentials: 'include'`. Cookies are not read all the
   * same.
   */
  readonly credentials: boolean
  /** Methods that any endpoint of the route has. */
  readonly methods: readonly string[]
  /**
   * Request headers that the route takes beside the common ones; `name-*` for all that begin so.
   */
  readonly headers: readonly string[]
  /** Reply headers that a page may read beside the common ones. */
  readonly exposed: readonly string[]
}

/**
 * The rules where no route matches: a page of any route may read that what it asked for is not
 * there.
 */
export const rulesOfAll = (rules: readonly CorsRules[]): CorsRules => ({
  origins: new WebOrigins(rules.flatMap(({ origins }) => origins.listed)),
  credentials: rules.some(({ credentials }) => credentials),
  methods: [...new Set(rules.flatMap(({ methods }) => methods))],
  headers: [...new Set(rules.flatMap(({ headers }) => headers))],
  exposed: [...new Set(rules.flatMap(({ exposed }) => exposed))],
})

/**
 * The headers that let a web page read the reply, for refusals as much as for replies:
 * `Access-Control-Allow-Origin` only for an origin on the list, to the letter, and never `*`.
 * `Vary: Origin` wherever there is a list: without one, replies are the same for every origin.
 */
export function corsHeaders(rules: CorsRules, headers: Headers): Readonly<Record<string, string>> {
  if (rules.origins.isEmpty) return {}
  const origin = headers.get('origin')
  if (origin === null || !rules.origins.has(origin)) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    ...(rules.credentials && { 'access-control-allow-credentials': 'true' }),
    'access-control-expose-headers': [...EXPOSED_HEADERS, ...rules.exposed].join(', '),
  }
}

/**
 * Refuses a page of another web origin than the route's. CORS only keeps such a page from reading
 * the reply; where a request alone does harm (a WebSocket, an MCP server that a rebound name leads
 * to), it may not pass at all.
 * @throws Refusal `cors-origin-refused`
 */
export function refuseForeignOrigin(headers: Headers, origins: WebOrigins, reason: string): void {
  const origin = headers.get('origin')
  if (origin !== null && !origins.has(origin))
    throw new Refusal('cors-origin-refused', reason, foreign(origin, origins))
}

const MAX_SHOWN_CHARS = 200

/** The page that asked and those that may, for the operator. */
const foreign = (origin: string, { listed }: WebOrigins) => ({
  mismatch: {
    found: `the page ${origin.slice(0, MAX_SHOWN_CHARS)}`,
    expected: listed.join(' or ').slice(0, MAX_SHOWN_CHARS) || 'no page',
    setting: 'cors.origins',
  },
})

export function isPreflight(request: Request): boolean {
  return (
    request.method === 'OPTIONS' &&
    request.headers.has('origin') &&
    request.headers.has('access-control-request-method')
  )
}

/**
 * Answers a preflight (Fetch standard, "CORS-preflight fetch") without asking the origin.
 * @throws Refusal `cors-origin-refused`, so that the browser's network panel says what is missing
 */
export function answerPreflight(rules: CorsRules, from: Headers): Response {
  const { 'access-control-expose-headers': exposed, ...allowed } = corsHeaders(rules, from)
  if (exposed === undefined)
    throw new Refusal('cors-origin-refused', undefined, foreign(from.get('origin') ?? '', rules.origins))
  const headers = new Headers(allowed)
  headers.set('access-control-allow-methods', rules.methods.join(', '))
  headers.set('access-control-allow-headers', allowedHeaders(rules, from).join(', '))
  headers.set('access-control-max-age', String(PREFLIGHT_SECONDS))
  return new Response(null, { status: 204, headers })
}

/**
 * The headers that the route takes by name, and of those that it takes by their beginning the ones
 * that are asked for.
 */
function allowedHeaders({ headers }: CorsRules, from: Headers): readonly string[] {
  const named = [...REQUEST_HEADERS, ...headers.filter((name) => !name.endsWith('*'))]
  const beginnings = headers.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
  if (beginnings.length === 0) return named
  const asked = (from.get('access-control-request-headers') ?? '').toLowerCase().split(/[\s,]+/)
  return [
    ...named,
    ...asked.filter((name) => /^[a-z0-9-]+$/.test(name) && beginnings.some((each) => name.startsWith(each))),
  ]
}
