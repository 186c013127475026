import type { Caller } from '../caller'
import type { Condition } from '../config/define'
import { claimHolds } from './claim-operators'
import type { Reason } from './reason'

type OneOrMore = string | readonly string[]

/**
 * Why the caller does not meet a condition, and which scopes would have been enough. If `reasons`
 * is empty, the caller meets the condition.
 */
export interface Unmet {
  readonly reasons: readonly Reason[]
  readonly scopes: readonly string[]
}

export const met: Unmet = { reasons: [], scopes: [] }
const lacks = (reason: Reason, scopes: readonly string[] = []): Unmet => ({ reasons: [reason], scopes })
export const holds = (unmet: Unmet): boolean => unmet.reasons.length === 0

function together(parts: readonly Unmet[]): Unmet {
  const [one = met, ...others] = parts.filter((part) => !holds(part))
  if (others.length === 0) return one
  const all = [one, ...others]
  return { reasons: all.flatMap((part) => part.reasons), scopes: all.flatMap((part) => part.scopes) }
}

/**
 * Checks a caller against a condition. All fields of one condition must hold. Every condition that
 * passes the schema gives an answer for every caller, and never throws. So an error cannot be
 * mistaken for an answer.
 */
export function evaluate(condition: Condition, caller: Caller): Unmet {
  const { role, scope, claim, issuer, tenant, caller: kind, all, any, not } = condition
  const parts: Unmet[] = []
  if (role !== undefined && !list(role).some((name) => caller.roles.includes(name))) parts.push(lacks('role-missing'))
  if (scope !== undefined && !list(scope).some((name) => caller.scopes.includes(name)))
    parts.push(lacks('scope-missing', list(scope)))
  if (claim !== undefined && !claimHolds(claim, caller)) parts.push(lacks('claim-differs'))
  if (issuer !== undefined && !list(issuer).includes(caller.issuerId)) parts.push(lacks('issuer-differs'))
  if (tenant !== undefined && (caller.tenant === undefined || !list(tenant).includes(caller.tenant)))
    parts.push(lacks('tenant-differs'))
  if (kind !== undefined && kind !== caller.kind) parts.push(lacks('caller-kind-differs'))
  if (all !== undefined) parts.push(together(all.map((each) => evaluate(each, caller))))
  if (any !== undefined) {
    const alternatives = any.map((each) => evaluate(each, caller))
    if (!alternatives.some(holds)) parts.push(together(alternatives))
  }
  if (not !== undefined && holds(evaluate(not, caller))) parts.push(lacks('excluded'))
  return together(parts)
}

const list = (value: OneOrMore): readonly string[] => (typeof value === 'string' ? [value] : value)
