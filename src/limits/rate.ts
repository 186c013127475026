import { Refusal } from '../errors/refusal'

/**
 * A rate limiter that has a counter for each key. Cloudflare counts separately at each of its
 * locations, so altogether more requests may pass than the limit allows.
 */
export interface Limiter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>
}

/** A rate limit of a policy, prepared for the routes that use this policy. */
export interface Rate {
  /** The policy's id and the name of the rate limit, as `policy/name`. */
  readonly name: string
  readonly per: 'person' | 'tenant' | 'key' | 'route' | 'operation' | 'address'
  readonly most: number
  readonly seconds: number
  readonly limiter: Limiter
  /** Tells whether the rate counts a request for this operation. */
  readonly counts: (operation: string) => boolean
}

/** The facts about a request that decide under which keys it is counted. */
export interface Counted {
  readonly route: string
  readonly address: string | undefined
  /** Absent before the caller is known, and on public routes. */
  readonly caller?:
    | {
        readonly issuer: string
        readonly subject: string
        readonly tenant: string | undefined
        readonly key?: string
      }
    | undefined
  readonly operations: readonly string[]
}

interface Reports {
  readonly now: () => number
  readonly log: (line: string) => void
}

/**
 * Writes the header `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers): each rate with its
 * quota `q` and its window `w` in seconds.
 */
export const rateLimitPolicy = (rates: readonly Rate[]): string =>
  rates.map(({ name, most, seconds }) => `"${name}";q=${most};w=${seconds}`).join(', ')

/**
 * Counts a request against each rate that applies to it. If a limiter fails, the request passes,
 * and a line is logged for the operator.
 *
 * @throws Refusal `rate-limited` if one of the rates is used up
 */
export async function countRequest(rates: readonly Rate[], counted: Counted, { now, log }: Reports): Promise<void> {
  const asked = rates.flatMap((rate) => keysOf(rate, counted).map((key) => ({ rate, key })))
  const answers = await Promise.all(
    asked.map(({ rate, key }) =>
      rate.limiter.limit({ key: `${rate.name}|${key}` }).catch((thrown: unknown) => {
        const reason = thrown instanceof Error ? thrown.message : String(thrown)
        log(JSON.stringify({ event: 'rate-unavailable', rate: rate.name, reason }))
        return { success: true }
      }),
    ),
  )
  const exceeded = asked.find((_, index) => answers[index]?.success === false)?.rate
  if (!exceeded) return
  const { name, most, seconds } = exceeded
  // Windows of time begin at multiples of their length on the clock.
  const retryAfter = seconds - (Math.floor(now() / 1000) % seconds)
  const rateLimit = { policy: rateLimitPolicy([exceeded]), state: `"${name}";r=0;t=${retryAfter}` }
  throw new Refusal('rate-limited', name, { retryAfter, limit: { name, most }, rateLimit })
}

/**
 * Returns the keys under which a rate counts a request; no keys if the rate does not apply to the
 * request.
 */
function keysOf({ per, counts }: Rate, { route, address, caller, operations }: Counted): readonly string[] {
  if (per === 'address') return address === undefined ? [] : [networkOf(address)]
  const counting = operations.filter(counts)
  if (counting.length === 0) return []
  switch (per) {
    case 'person':
      return caller ? [JSON.stringify([caller.issuer, caller.subject])] : []
    case 'tenant':
      return caller?.tenant === undefined ? [] : [JSON.stringify([caller.issuer, caller.tenant])]
    case 'key':
      return caller?.key === undefined ? [] : [caller.key]
    case 'route':
      return [route]
    case 'operation':
      return counting.map((operation) => `${route}|${operation}`)
  }
}

/**
 * Returns the first 64 bits (the /64 network) of an IPv6 address, because one customer of an
 * internet provider can use all addresses of such a network. An IPv4 address is returned whole.
 */
function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = head === '' ? [] : head.split(':')
  const behind = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - groups.length - behind.length
  const all = [...groups, ...Array<string>(Math.max(0, zeros)).fill('0'), ...behind]
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
