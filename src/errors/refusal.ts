import type { ReasonOf } from './reasons'
import type { RefusalRow } from './refusal-row'
import { type RefusalCode, refusals } from './refusals'

/** A check that failed, for the operator. */
export interface Mismatch {
  readonly found: string
  readonly expected: string
  /** The setting that decides it, such as `audience`. */
  readonly setting?: string | undefined
}

/** Details beside the refusal's row of the table. */
export interface RefusalExtras {
  /** The operator's own words, in place of the row's. */
  readonly detail?: string
  /** Scopes that would be enough, for `insufficient_scope`. */
  readonly scopes?: readonly string[]
  /** Methods that the endpoint has, for `Allow`. */
  readonly allow?: readonly string[]
  /**
   * The body's field that was refused: a name that the table of an agent kind lists, never one the
   * caller made up.
   */
  readonly field?: string
  /** Why a token was refused, in detail. It goes to the operator and nowhere else. */
  readonly mismatch?: Mismatch | undefined
  /** The name of the limit that was hit, or of its setting, and how much it allows. */
  readonly limit?: { readonly name: string; readonly most: number }
  /** A rate as `RateLimit-Policy` and `RateLimit` write it. */
  readonly rateLimit?: { readonly policy: string; readonly state: string }
  /** Whole seconds for `Retry-After`, in place of the row's. */
  readonly retryAfter?: number
}

/** A refusal from the closed table. `reason` goes to the audit line and nowhere else. */
export class Refusal<Code extends RefusalCode = RefusalCode> extends Error {
  override readonly name = 'Refusal'

  readonly code: Code
  readonly reason: ReasonOf<Code> | undefined
  readonly extras: RefusalExtras

  constructor(code: Code, reason?: ReasonOf<Code>, extras: RefusalExtras = {}) {
    super(code)
    this.code = code
    this.reason = reason
    this.extras = extras
  }

  get row(): RefusalRow {
    return refusals[this.code]
  }
}

/**
 * Turns anything that was thrown into a refusal. An error of another kind becomes an internal
 * error, never an allow.
 */
export function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  return new Refusal('internal-error', thrown instanceof Error ? thrown.name : typeof thrown)
}
