/**
 * The size and time limits of a route: their schema, their defaults, and a check for limits without
 * effect.
 */
import * as v from 'valibot'
import type { Adapter } from '../agents/adapter'
import { seconds } from './atoms'
import { show } from './fault'
import type { Report } from './report'

export const LimitsSchema = v.strictObject({
  bodyBytes: v.optional(
    v.pipe(v.number(), v.integer('whole bytes'), v.minValue(1), v.maxValue(104_857_600, 'at most 100 MiB')),
  ),
  /** How long the agent may take to begin its reply. Default 120. */
  firstByteSeconds: v.optional(seconds(1, 3600)),
  /**
   * How long a stream may be silent before the gateway treats it as broken. Time in which the
   * caller does not read is not counted. Default 600.
   */
  idleSeconds: v.optional(seconds(5, 86_400)),
  /**
   * How long a stream is silent before the gateway sends a comment, so that no proxy closes it. 0:
   * no comments.
   */
  heartbeatSeconds: v.optional(seconds(0, 300)),
  /**
   * How long a run may last in all if its caller's token expires before the run ends. Default 900.
   */
  runSeconds: v.optional(seconds(1, 86_400)),
  /** How long a reply may take at most, for any caller. Default 21,600: six hours. */
  streamSeconds: v.optional(seconds(1, 604_800)),
  /** How long a stream may continue after its caller's token has expired. Default 30. */
  expiryGraceSeconds: v.optional(seconds(0, 3600)),
  /** Whether runs end at the token's expiry as early as streams that only listen. Default false. */
  endRunsAtExpiry: v.optional(v.boolean()),
})

type Given = v.InferInput<typeof LimitsSchema>
export type Limits = { readonly [Name in keyof Given]-?: NonNullable<Given[Name]> }

export const compileLimits = (given: Given = {}, adapter: Adapter): Limits => ({
  bodyBytes: given.bodyBytes ?? 4 * 1024 * 1024,
  // LangGraph's `runs/wait` and slow models need a while before they send the first byte.
  firstByteSeconds: given.firstByteSeconds ?? 120,
  idleSeconds: given.idleSeconds ?? 600,
  heartbeatSeconds: given.heartbeatSeconds ?? adapter.heartbeatSeconds,
  runSeconds: given.runSeconds ?? 900,
  streamSeconds: given.streamSeconds ?? 21_600,
  expiryGraceSeconds: given.expiryGraceSeconds ?? 30,
  endRunsAtExpiry: given.endRunsAtExpiry ?? false,
})

/**
 * Reports an `idleSeconds` that has no effect, because silence is measured only on routes whose
 * streams get comments.
 */
export function checkLimits(given: Given = {}, adapter: Adapter, report: Report): void {
  if (given.idleSeconds === undefined || compileLimits(given, adapter).heartbeatSeconds > 0) return
  const expected = 'limits.heartbeatSeconds above 0'
  report('limits.idleSeconds', show(given.idleSeconds), expected, 'Set heartbeatSeconds, or remove idleSeconds.')
}
