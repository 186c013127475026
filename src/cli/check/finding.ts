import type { Fault } from '../../config/fault'

/** The results of a check: faults, which stop a deploy, and notes, which do not. */
export interface Findings {
  readonly faults: readonly Fault[]
  readonly notes: readonly string[]
}

/** Describes a value without printing it, because it could be a secret. */
export const unshown = (value: unknown): string =>
  typeof value === 'string' ? `a text of ${value.length} characters, which is not shown` : `a ${typeof value}`
