/**
 * Matches a web origin of this machine with `*` as its port, such as `http://localhost:*`. A route
 * may name such an origin in development.
 */
const ANY_PORT = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]):\*$/

export const isAnyPort = (origin: string): boolean => ANY_PORT.test(origin)

/** The web origins of a route (RFC 6454), compared exactly. */
export class WebOrigins {
  readonly #exact: ReadonlySet<string>
  /** The web origins with `*` as the port, without the `*`. */
  readonly #anyPort: readonly string[]

  constructor(readonly listed: readonly string[]) {
    this.#exact = new Set(listed.filter((origin) => !isAnyPort(origin)))
    this.#anyPort = listed.filter(isAnyPort).map((origin) => origin.slice(0, -1))
  }

  get isEmpty(): boolean {
    return this.listed.length === 0
  }

  has(origin: string): boolean {
    if (this.#exact.has(origin)) return true
    return this.#anyPort.some((start) => origin.startsWith(start) && /^\d+$/.test(origin.slice(start.length)))
  }
}
