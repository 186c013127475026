import type { Ports } from '../../ports'

/** A `fetch` that compares the clock of the server that answers with this machine's clock. */
export interface WatchedClock {
  readonly fetch: Ports['fetch']
  /** Returns by how many seconds, at least, the clocks differed at the last answer. */
  readonly secondsApart: () => number
}

export function watchClock({ fetch, now }: Pick<Ports, 'fetch' | 'now'>): WatchedClock {
  let apart = 0
  return {
    async fetch(request, init) {
      const sentAt = now()
      const response = await fetch(request, init)
      apart = secondsApart(response.headers, sentAt, now())
      return response
    },
    secondsApart: () => apart,
  }
}

/**
 * Compares a `Date` header with this machine's clock. The server writes its time after the request
 * is sent and before the answer arrives, so the time between the two does not count as a
 * difference. A cache sends an old `Date`, and `Age` says how old it is (RFC 9111 section 5.1).
 *
 * @returns seconds; 0 if there is no `Date`
 */
function secondsApart(headers: Headers, sentAt: number, receivedAt: number): number {
  const date = headers.get('date')
  if (date === null) return 0
  const told = Date.parse(date) + Number(headers.get('age') ?? 0) * 1000
  return Math.max(sentAt - told, told - receivedAt, 0) / 1000
}
