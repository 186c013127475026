import type { Caller } from '../caller'
import type { Policy, Route } from '../config/define'
import { decide } from './decision'

/** An example of a policy that did not come out as it says. */
export interface FailedExample {
  readonly policy: string
  readonly index: number
  readonly does: string
  readonly expected: 'allow' | 'deny'
}

/** The policies of some routes, each once. */
export const policiesOf = (routes: readonly Route[]): readonly Policy[] => [
  ...new Map(routes.flatMap((route) => route.policies ?? []).map((policy) => [policy.id, policy])).values(),
]

/** Runs a policy's own examples, each with that policy alone, and gives those that fail. */
export function runExamples(policy: Policy): FailedExample[] {
  return policy.examples.flatMap(({ as, does, expect }, index) => {
    const { effect } = decide([policy], callerOf(as), does)
    return effect === expect ? [] : [{ policy: policy.id, index, does, expected: expect }]
  })
}

function callerOf(as: Policy['examples'][number]['as']): Caller {
  return {
    kind: as.caller ?? 'user',
    issuerId: as.issuer ?? '',
    roles: as.roles ?? [],
    scopes: as.scopes ?? [],
    tenant: as.tenant,
    claims: as.claims ?? {},
  }
}
