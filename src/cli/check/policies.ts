import { kinds } from '../../agents/kinds'
import type { Policy, Route } from '../../config/define'
import type { Fault } from '../../config/fault'
import type { LoadedRoute } from '../../config/loaded-route'
import { covers, unnamed } from '../../policy/operation'
import { nearest } from './suggestions'

/**
 * Finds mistakes in policies that cause no error: rules that match no caller, and examples that
 * test nothing.
 */
export const policyFaults = (policies: readonly Policy[], routes: readonly Route[]): Fault[] =>
  policies.flatMap((policy) => [
    ...unknownIssuers(policy, routes),
    ...unknownExamples(policy, routes),
    ...misspeltRoles(policy),
    ...valuesThatNeverHold(policy),
  ])

/** Returns all values of one field in a policy's condition, at any depth. */
function valuesOf(condition: unknown, field: 'role' | 'issuer' | 'scope'): readonly string[] {
  if (typeof condition !== 'object' || condition === null) return []
  return Object.entries(condition).flatMap(([key, value]) =>
    key === field ? [value].flat().filter((each): each is string => typeof each === 'string') : valuesOf(value, field),
  )
}

const rulesOf = ({ allow = [], deny = [] }: Policy) => [
  ...allow.map((rule, index) => ({ at: `allow[${index}]`, rule })),
  ...deny.map((rule, index) => ({ at: `deny[${index}]`, rule })),
]

function unknownIssuers(policy: Policy, routes: readonly Route[]): Fault[] {
  const ids = routes.flatMap(({ trust = [] }) => trust.map(({ id }) => id))
  return rulesOf(policy).flatMap(({ at, rule }) =>
    valuesOf(rule.when, 'issuer')
      .filter((issuer) => !ids.includes(issuer))
      .map((issuer) => ({
        file: `policies/${policy.id}.ts`,
        path: `${at}.when.issuer`,
        found: `${JSON.stringify(issuer)}, which no route trusts`,
        expected: `the id of an issuer: ${[...new Set(ids)].join(', ')}`,
        remedy: `${meant(issuer, ids)}Correct the id: this rule would never apply.`,
      })),
  )
}

function meant(name: string, names: readonly string[]): string {
  const found = nearest(name, names)
  return found === undefined ? '' : `Did you mean ${JSON.stringify(found)}? `
}

/**
 * Finds examples with an operation that does not exist. Such an operation is always denied,
 * whatever the rules say.
 */
function unknownExamples(policy: Policy, routes: readonly Route[]): Fault[] {
  const known = new Set([
    ...Object.values(kinds).flatMap(({ endpoints, bodyOperations = [] }) =>
      [...endpoints, ...bodyOperations].map(({ operation }) => operation),
    ),
    ...routes.flatMap(({ agent }) => (agent.kind === 'http' ? agent.endpoints.map(({ operation }) => operation) : [])),
  ])
  return policy.examples.flatMap(({ does }, index) =>
    typeof does !== 'string' || known.has(does) || known.has(unnamed(does))
      ? []
      : [
          {
            file: `policies/${policy.id}.ts`,
            path: `examples[${index}].does`,
            found: `"${does}"`,
            expected: 'one operation of a route or of a kind of agent, not a pattern',
            remedy: 'Correct the operation: an unknown operation is always denied, so this example tests nothing.',
          },
        ],
  )
}

/**
 * Finds roles that are probably misspelt. In examples, these are roles that no rule names; in
 * rules, roles that differ from another role only by case.
 */
function misspeltRoles(policy: Policy): Fault[] {
  const rules = rulesOf(policy)
  const inRules = rules.flatMap(({ rule }) => valuesOf(rule.when, 'role'))
  const fault = (path: string, role: string, meant: string): Fault => ({
    file: `policies/${policy.id}.ts`,
    path,
    found: `${JSON.stringify(role)}`,
    expected: 'a role that a rule names, in the same spelling',
    remedy: `Did you mean ${JSON.stringify(meant)}?`,
  })
  const inExamples = policy.examples.flatMap(({ as }, index) =>
    (as.roles ?? []).flatMap((role) => {
      const meant = inRules.includes(role) ? undefined : nearest(role, inRules)
      return meant === undefined ? [] : [fault(`examples[${index}].as.roles`, role, meant)]
    }),
  )
  const firstOf = new Map<string, string>()
  const inTwoCases = rules.flatMap(({ at, rule }) =>
    valuesOf(rule.when, 'role').flatMap((role) => {
      const first = firstOf.get(role.toLowerCase()) ?? role
      firstOf.set(role.toLowerCase(), first)
      return first === role ? [] : [fault(`${at}.when.role`, role, first)]
    }),
  )
  return [...inExamples, ...inTwoCases]
}

/** Finds scopes and roles that no token can have. */
function valuesThatNeverHold(policy: Policy): Fault[] {
  const fault = (path: string, found: string, expected: string): Fault => ({
    file: `policies/${policy.id}.ts`,
    path,
    found,
    expected,
    remedy: 'Correct the value: this rule would never apply.',
  })
  return rulesOf(policy).flatMap(({ at, rule }) => [
    ...valuesOf(rule.when, 'scope')
      .filter((scope) => /\s/.test(scope))
      .map((scope) =>
        fault(`${at}.when.scope`, JSON.stringify(scope), 'one scope, or a list of them: a scope has no space'),
      ),
    ...valuesOf(rule.when, 'role')
      .filter((role) => /[\p{Cf}\p{Cc}]/u.test(role) || role !== role.trim())
      .map((role) =>
        fault(`${at}.when.role`, JSON.stringify(role), 'a role without invisible characters or space around it'),
      ),
  ])
}

/**
 * Finds routes whose policies together allow no operation. Each policy by itself may be right, but
 * the gateway would refuse every request to such a route.
 */
export const unusableRoutes = (routes: readonly LoadedRoute[]): Fault[] =>
  routes.flatMap((route) => {
    const { id, isPublic, policies } = route
    const offered = offeredBy(route)
    const isUsable = offered.some((operation) =>
      policies.every(({ allow = [] }) =>
        allow.some(({ operations }) =>
          operations.some((pattern) => covers(pattern, operation) || unnamed(pattern) === operation),
        ),
      ),
    )
    if (isPublic || isUsable || policies.length === 0) return []
    return [
      {
        file: `routes/${id}.ts`,
        path: 'policies',
        found: `${policies.map((policy) => policy.id).join(' and ')}, which allow none of ${[...new Set(offered)].slice(0, 5).join(', ')}`,
        expected: 'policies that together allow at least one operation of the route',
        remedy: 'Add an operation of this route to an `allow` rule of each of these policies.',
      },
    ]
  })

/** Returns the operations that a route offers, once for each endpoint. */
export const offeredBy = ({ endpoints, bodyOperations, offers }: LoadedRoute): readonly string[] =>
  [...endpoints.map(({ operation }) => operation), ...bodyOperations].filter(offers)
