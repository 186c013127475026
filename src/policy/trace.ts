import type { Caller } from '../caller'
import type { Policy } from '../config/define'
import { evaluate, met } from './condition'
import { covers } from './operation'
import type { Reason } from './reason'
import { wordsOf } from './wording'

/** A rule of a policy, checked against one caller and one operation. */
export interface RuleTrace {
  readonly list: 'allow' | 'deny'
  readonly name: string
  /** Whether the rule covers the operation. */
  readonly covers: boolean
  /** Why the caller does not meet the rule's condition; empty if the caller meets it. */
  readonly reasons: readonly Reason[]
  /** The condition of the rule, in words. */
  readonly asks: string
}

export interface PolicyTrace {
  readonly policy: string
  readonly rules: readonly RuleTrace[]
}

/**
 * Checks every rule of every policy against a caller, with the functions that `decide` uses, and
 * does not stop at the first rule that decides. It does not say whether the operation is allowed.
 * `allowedBy` finds that out from the result of this function, and agrees with `decide`.
 */
export const traceOf = (policies: readonly Policy[], caller: Caller, operation: string): readonly PolicyTrace[] =>
  policies.map(({ id, allow, deny = [] }) => {
    const ruleOf =
      (list: RuleTrace['list']) =>
      ({ name, operations, when }: Policy['allow'][number]): RuleTrace => ({
        list,
        name,
        covers: operations.some((pattern) => covers(pattern, operation)),
        reasons: (when ? evaluate(when, caller) : met).reasons,
        asks: wordsOf(when),
      })
    return { policy: id, rules: [...deny.map(ruleOf('deny')), ...allow.map(ruleOf('allow'))] }
  })

/**
 * Tells whether the policies in a trace allow the operation: every policy has an `allow` rule that
 * applies, and no `deny` rule that applies.
 */
export const allowedBy = (traces: readonly PolicyTrace[]): boolean =>
  traces.length > 0 &&
  traces.every(({ rules }) => {
    const hits = rules.filter((rule) => rule.covers && rule.reasons.length === 0)
    return hits.some(({ list }) => list === 'allow') && !hits.some(({ list }) => list === 'deny')
  })
