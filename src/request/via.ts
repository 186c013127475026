import { Refusal } from '../errors/refusal'

/** Returns this gateway's entry in `Via` (RFC 9110 section 7.6.3). */
export const viaEntry = (host: string): string => `1.1 ${host}`

/**
 * Refuses a request that has passed through this gateway before.
 * @throws Refusal `loop-detected` (508)
 */
export function refuseLoop(headers: Headers, host: string): void {
  const entries = headers.get('via')?.split(',') ?? []
  if (entries.some((entry) => entry.trim().split(/\s+/)[1] === host)) throw new Refusal('loop-detected')
}
