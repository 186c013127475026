/**
 * The functions by which the gateway reaches everything outside its own code. Services that are
 * bound to the Worker by name are not ports: they come from `config/env.ts`. The ports are passed
 * in once, so that every step depends on its arguments only. A test can then move the clock or
 * delay an answer without replacing a module.
 */
export interface Ports {
  /** Reaches identity providers and origins. */
  readonly fetch: (request: Request | string, init?: RequestInit) => Promise<Response>
  /**
   * Milliseconds since the epoch. On Workers the clock advances only while code waits for the
   * network.
   */
  readonly now: () => number
  /** The only way to wait for time to pass. */
  readonly after: After
  /** A new UUID. */
  readonly randomId: () => string
  /**
   * Writes one audit line. The request is kept alive until the line is written. To write the lines
   * to another place, replace `emit`.
   */
  readonly emit: (line: string) => void | Promise<void>
  /** Writes a line for the operator, about something that belongs to no request. */
  readonly log: (line: string) => void
  /**
   * The cache in which isolates (running copies) of one Cloudflare location share fetched key sets;
   * absent if the platform has no Cache API.
   */
  readonly sharedCache?: Pick<Cache, 'match' | 'put'>
}

/**
 * A timer: it does `work` once, after this many milliseconds.
 * @returns a function that cancels it
 */
export type After = (milliseconds: number, work: () => void) => () => void

/** The platform's object that keeps work running after the request has been answered. */
export interface Background {
  waitUntil(work: Promise<unknown>): void
}
