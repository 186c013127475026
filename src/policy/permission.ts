import type { Caller } from '../caller'
import type { Policy } from '../config/define'
import type { PolicyReasons } from '../errors/reasons'
import { Refusal } from '../errors/refusal'
import { type Decision, decide } from './decision'
import { mismatchOf } from './wording'

/** The operations that one caller may use on one route. */
export interface Permission {
  /**
   * Returns if the caller may use all these operations, and throws otherwise.
   * @throws Refusal `operation-unknown` if the route does not offer one of the operations,
   *   `scope-insufficient` if more scopes would be enough, otherwise `policy-denied`
   */
  require(operations: readonly string[]): void
  /** Tells whether `require` would let a request for this operation pass. */
  has(operation: string): boolean
}

interface GuardedRoute {
  readonly offers: (operation: string) => boolean
  readonly policies: readonly Policy[]
}

/**
 * Returns the permission of a caller on a route.
 * @param caller absent on public routes, where every operation that the route offers is permitted
 * @param record is called with each decision that `require` makes
 */
export function permissionOf(
  { offers, policies }: GuardedRoute,
  caller: Caller | undefined,
  record: { noteDecision(decision: Decision): void },
): Permission {
  return {
    require(operations) {
      if (!operations.every(offers)) throw new Refusal('operation-unknown')
      if (!caller) return
      for (const operation of operations) {
        const decision = decide(policies, caller, operation)
        record.noteDecision(decision)
        refuseDenied(decision, policies, caller, operation)
      }
    },
    has: (operation) => offers(operation) && (!caller || decide(policies, caller, operation).effect === 'allow'),
  }
}

function refuseDenied(decision: Decision, policies: readonly Policy[], caller: Caller, operation: string): void {
  if (decision.effect === 'allow') return
  const { scopes } = decision
  const reasons = decision.reasons.join(' ') as PolicyReasons
  const policy = policies.find(({ id }) => id === decision.policy)
  const mismatch = policy
    ? mismatchOf(policy, caller, operation, decision.reasons)
    : caller.operations && {
        found: `a key for ${caller.operations.join(', ')}`.slice(0, 200),
        expected: `a key for ${operation}`,
      }
  if (scopes.length > 0) throw new Refusal('scope-insufficient', reasons, { scopes, mismatch })
  throw new Refusal('policy-denied', reasons, { mismatch })
}
