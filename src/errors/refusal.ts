import type { ReasonOf } from './reasons'
import type { RefusalRow } from './refusal-row'
import { type RefusalCode, refusals } from './refusals'

/** The details of a failed check, for the operator. */
export interface Mismatch {
  readonly found: string
  readonly expected: string
  /** The setting that the check depends on, such as `audience`. */
  readonly setting?: string | undefined
}

/** Details of one refusal, in addition to its row in the table of refusals. */
export interface RefusalExtras {
  /** A text that an operator wrote. It replaces the text of the row in refusals.ts. */
  readonly detail?: string
  /** The scopes that the request would need. They are sent with `insufficient_scope`. */
  readonly scopes?: readonly string[]
  /** The methods that the endpoint accepts, for the `Allow` header. */
  readonly allow?: readonly string[]
  /**
   * The field of the body that was refused. The name comes from a table for the agent's kind, and
   * is never a name that the caller made up.
   */
  readonly field?: string
  /** Why a token was refused, in detail. Only the operator sees it. */
  readonly mismatch?: Mismatch | undefined
  /**
   * The limit that was exceeded: its name or the name of its setting, and the highest allowed
   * value.
   */
  readonly limit?: { readonly name: string; readonly most: number }
  /** The values of the headers `RateLimit-Policy` and `RateLimit`. */
  readonly rateLimit?: { readonly policy: string; readonly state: string }
  /** Whole seconds for `Retry-After`. They replace those of the row in refusals.ts. */
  readonly retryAfter?: number
}

/** A refusal from the table in refusals.ts. Its `reason` appears only in the audit line. */
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
 * Turns anything that was thrown into a refusal. An unexpected error becomes an internal error, so
 * it never lets a request pass.
 */
export function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  return new Refusal('internal-error', thrown instanceof Error ? thrown.name : typeof thrown)
}
