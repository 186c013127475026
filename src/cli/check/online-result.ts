import type { Fault } from '../../config/fault'

/**
 * The result of a check over the network: a line for each part that is right, a note for each part
 * that could not be checked, and the faults.
 */
export interface Online {
  readonly lines: readonly string[]
  readonly notes: readonly string[]
  readonly faults: readonly Fault[]
}

/** The time limit for one request. */
export const TIMEOUT_MS = 5_000

/**
 * Returns why a request failed. The message of Node's error is only `fetch failed`, and the error's
 * `cause` has the reason.
 */
export const causeOf = (thrown: unknown): string => {
  const { message, cause } = thrown as Error
  return cause instanceof Error ? cause.message : message
}
