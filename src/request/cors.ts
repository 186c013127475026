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

/** The settings of a route that CORS uses. */
export interface CorsRules {
  /**
   * The web origins of pages that may read replies. If the list is empty, no page of another web
   * origin may read them.
   */
  readonly origins: WebOrigins
  /** Whether pages may send requests with `credentials: 'include'`. Cookies are still not read. */
  readonly credentials: boolean
  /** The methods of all endpoints of the route. */
  readonly methods: readonly string[]
  /**
   * Request headers that the route takes in addition to the common ones. `name-*` stands for all
   * headers that begin with `name-`.
   */
  readonly headers: readonly string[]
  /** Reply headers that a page may read in addition to the common ones. */
  readonly exposed: readonly string[]
}

/**
 * Returns the CORS rules for requests that match no route. They combine the rules of all routes, so
 * that a web page which may read replies of some route can also read the 404.
 */
export const rulesOfAll = (rules: readonly CorsRules[]): CorsRules => ({
  origins: new WebOrigins(rules.flatMap(({ origins }) => origins.listed)),
  credentials: rules.some(({ credentials }) => credentials),
  methods: [...new Set(rules.flatMap(({ methods }) => methods))],
  headers: [...new Set(rules.flatMap(({ headers }) => headers))],
  exposed: [...new Set(rules.flatMap(({ exposed }) => exposed))],
})

/**
 * Returns the headers that let a web page read the reply, even if it is a refusal.
 * `Access-Control-Allow-Origin` is set only to a web origin that the route's list names exactly,
 * never to `*`. If the route has a list of web origins, `Vary: Origin` is always set. Without a
 * list, replies are the same for every web origin.
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
 * Refuses a page of a web origin that the route does not list. CORS only keeps such a page from
 * reading the reply. Some requests do harm even if the page cannot read the reply: a WebSocket, or
 * a request to an MCP server by DNS rebinding. These may not pass at all.
 * @throws Refusal `cors-origin-refused`
 */
export function refuseForeignOrigin(headers: Headers, origins: WebOrigins, reason: string): void {
  const origin = headers.get('origin')
  if (origin !== null && !origins.has(origin))
    throw new Refusal('cors-origin-refused', reason, foreign(origin, origins))
}

const MAX_SHOWN_CHARS = 200

/**
 * Returns the details for the operator: which page sent the request, and which pages may send
 * requests.
 */
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
 * Answers a preflight (Fetch standard, "CORS-preflight fetch") without a request to the origin.
 * @throws Refusal `cors-origin-refused`, so that the reason is visible in the browser's network
 *   panel
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
 * Returns the headers that the route names in full, and those headers in the browser's question
 * that match one of the route's `name-*` entries.
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
