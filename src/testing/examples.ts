import type { Caller } from '../caller'
import type { Policy, Route } from '../config/define'
import { decide } from '../policy/decision'
import { askedOf, type ExampleRequest } from './asked'

type Example = Policy['examples'][number]

/** An example of a policy whose outcome is not the expected one. */
export interface FailedExample {
  readonly policy: string
  readonly index: number
  /** The operation of the example, or its request in the form `METHOD PATH`. */
  readonly does: string
  readonly expected: 'allow' | 'deny'
  /** The actual outcome of the example. */
  readonly found: string
}

/** Returns the policies of these routes, without duplicates. */
export const policiesOf = (routes: readonly Route[]): readonly Policy[] => [
  ...new Map(routes.flatMap((route) => route.policies ?? []).map((policy) => [policy.id, policy])).values(),
]

/**
 * Runs a policy's own examples, with no other policy, and returns those that fail.
 * @param routes the routes on which requests of examples are tried; routes without this policy are
 * left out
 */
export function runExamples(policy: Policy, routes: readonly Route[]): FailedExample[] {
  return policy.examples.flatMap((example, index) => {
    const { does, expect: expected } = example
    const name = typeof does === 'string' ? does : `${does.method} ${does.path}`
    return outcomesOf(policy, example, routes)
      .filter((outcome) => outcome !== expected)
      .slice(0, 1)
      .map((found) => ({ policy: policy.id, index, does: name, expected, found }))
  })
}

/**
 * Returns `allow` or `deny` for each route that knows the request, or the reason why no route has
 * an outcome.
 */
function outcomesOf(policy: Policy, { as, does }: Example, routes: readonly Route[]): readonly string[] {
  const caller = callerOf(as)
  const effectOf = (operations: readonly string[]): string =>
    operations.every((operation) => decide([policy], caller, operation).effect === 'allow') ? 'allow' : 'deny'
  if (typeof does === 'string') return [effectOf([does])]
  const asked = askedAnywhere(policy, does, routes)
  const found = asked.flatMap((each) => {
    if (!('operations' in each)) return []
    const effect = effectOf(each.operations)
    return effect === 'allow' && each.refusedThen !== undefined ? [`refused as ${each.refusedThen}`] : [effect]
  })
  if (found.length > 0) return found
  const codes = [...new Set(asked.flatMap((each) => ('refused' in each ? [each.refused] : [])))]
  return [codes.length === 0 ? 'a request on no route: none has this policy' : `refused as ${codes.join(' or ')}`]
}

const askedAnywhere = (policy: Policy, request: ExampleRequest, routes: readonly Route[]) =>
  routes
    .filter(({ policies = [] }) => policies.some(({ id }) => id === policy.id))
    .map((route) => askedOf(route, request))

function callerOf(as: Example['as']): Caller {
  return {
    kind: as.caller ?? 'user',
    issuerId: as.issuer ?? '',
    roles: as.roles ?? [],
    scopes: as.scopes ?? [],
    tenant: as.tenant,
    claims: as.claims ?? {},
  }
}
