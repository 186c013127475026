import type { Caller } from '../caller'
import type { Policy } from '../config/define'
import { evaluate, holds, met, type Unmet } from './condition'
import { covers } from './operation'
import type { Reason } from './reason'

type Rule = Policy['allow'][number]

export type Decision =
  /** `by` names one rule of each policy that allowed the operation, as `policy/rule`. */
  | { readonly effect: 'allow'; readonly by: readonly string[] }
  | {
      readonly effect: 'deny'
      readonly policy: string | undefined
      readonly reasons: readonly Reason[]
      /** Scopes that would have been enough, if only a scope is missing. */
      readonly scopes: readonly string[]
    }

/**
 * Decides whether a caller may do an operation: every policy must allow it. A rule applies if it
 * covers the operation and its condition holds. A policy allows the operation if one of its `allow`
 * rules applies and none of its `deny` rules does. Without any policy, the operation is denied. If
 * the caller's API key is limited to some operations, all others are denied.
 *
 * Pure and total: it reads its arguments only, and always gives an answer. It does not check who
 * owns the thread or document that the operation touches.
 */
export function decide(policies: readonly Policy[], caller: Caller, operation: string): Decision {
  if (policies.length === 0) return { effect: 'deny', policy: undefined, reasons: ['no-policy'], scopes: [] }
  const { operations: limit } = caller
  if (limit && !limit.some((pattern) => covers(pattern, operation)))
    return { effect: 'deny', policy: undefined, reasons: ['credential-limited'], scopes: [] }
  const by: string[] = []
  for (const policy of policies) {
    const denying = policy.deny?.find((rule) => applies(rule, operation) && holds(unmet(rule, caller)))
    if (denying) return { effect: 'deny', policy: policy.id, reasons: ['denied-by-rule'], scopes: [] }
    const candidates = policy.allow
      .filter((rule) => applies(rule, operation))
      .map((rule) => ({ rule, unmet: unmet(rule, caller) }))
    const allowing = candidates.find((candidate) => holds(candidate.unmet))
    if (!allowing)
      return refusalBy(
        policy.id,
        candidates.map((candidate) => candidate.unmet),
      )
    by.push(`${policy.id}/${allowing.rule.name}`)
  }
  return { effect: 'allow', by }
}

/**
 * Tells whether policies permit an operation to every caller: each policy has an `allow` rule
 * without a condition for the operation, and no `deny` rule for it.
 */
export const permitsEverybody = (policies: readonly Policy[], operation: string): boolean =>
  policies.length > 0 &&
  policies.every(
    ({ allow, deny = [] }) =>
      allow.some((rule) => rule.when === undefined && applies(rule, operation)) &&
      !deny.some((rule) => applies(rule, operation)),
  )

const applies = (rule: Rule, operation: string): boolean =>
  rule.operations.some((pattern) => covers(pattern, operation))

const unmet = (rule: Rule, caller: Caller): Unmet => (rule.when ? evaluate(rule.when, caller) : met)

function refusalBy(policy: string, candidates: readonly Unmet[]): Decision {
  if (candidates.length === 0) return { effect: 'deny', policy, reasons: ['no-rule-for-operation'], scopes: [] }
  const reasons = [...new Set(candidates.flatMap((candidate) => candidate.reasons))]
  // RFC 6750 section 3.1: name the scopes, but only if they alone would be enough.
  const byScopeAlone = candidates.filter((candidate) => candidate.reasons.every((reason) => reason === 'scope-missing'))
  return {
    effect: 'deny',
    policy,
    reasons,
    scopes: [...new Set(byScopeAlone.flatMap((candidate) => candidate.scopes))],
  }
}
