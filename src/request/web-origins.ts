/** Matches an origin of this machine with any port, which a route may name in development. */
const ANY_PORT = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]):\*$/

export const isAnyPort = (origin: string): boolean => ANY_PORT.test(origin)

/** The web origins of a route (RFC 6454), compared exactly. */
export class WebOrigins {
  readonly #exact: ReadonlySet<string>
  /** The origins that allow any port, up to the place of the port. */
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
