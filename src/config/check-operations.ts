import type { Adapter } from '../agents/adapter'
import { keyOfPath } from '../agents/endpoint-tree'
import type { BodyOperation } from '../agents/endpoints'
import { kinds } from '../agents/kinds'
import { covers, unnamed } from '../policy/operation'
import type { Route } from './define'
import { show } from './fault'
import type { About, Report } from './report'

const ownOperations = ({ agent }: Route): string[] =>
  agent.kind === 'http' ? named(agent.endpoints) : operationsOf(kinds[agent.kind])

/** Checks that the operations of a route exist for its kind of agent. */
export function checkOwnOperations(route: Route, report: Report): void {
  const own = ownOperations(route)
  if (route.agent.kind === 'http') checkEndpoints(route.agent.endpoints, report)
  route.agent.operations?.forEach((pattern, index) => {
    if (own.some((operation) => covers(unnamed(pattern), operation))) return
    report(
      `agent.operations[${index}]`,
      show(pattern),
      `an operation of ${route.agent.kind}: ${[...new Set(own)].join(', ')}`,
      'Correct the name.',
    )
  })
}

/** Checks that the policies of a route name only operations that exist for some kind of agent. */
export function checkNamedOperations(route: Route, routes: readonly Route[], about: About): void {
  // Routes with different kinds of agent may share a policy, so its patterns may name operations of
  // any kind.
  const known = [
    ...Object.values(kinds).flatMap(operationsOf),
    ...routes.flatMap(({ agent }) => (agent.kind === 'http' ? named(agent.endpoints) : [])),
  ]
  for (const policy of route.policies ?? []) {
    for (const list of ['allow', 'deny'] as const) {
      policy[list]?.forEach((rule, at) => {
        rule.operations.forEach((pattern, index) => {
          if (known.some((operation) => covers(unnamed(pattern), operation))) return
          const path = `${list}[${at}].operations[${index}]`
          about(`policies/${policy.id}.ts`)(
            path,
            show(pattern),
            'an operation of a route or of a kind of agent',
            'Correct the name. docs/configuration.md lists all operations.',
          )
        })
      })
    }
  }
}

const named = (operations: readonly Pick<BodyOperation, 'operation'>[]): string[] =>
  operations.map(({ operation }) => operation)
/** Returns all operations of a kind of agent, including those that are closed by default. */
const operationsOf = ({ endpoints, bodyOperations = [] }: Adapter): string[] =>
  named([...endpoints.filter((endpoint) => !endpoint.named), ...bodyOperations])

type HttpEndpoints = Extract<Route['agent'], { kind: 'http' }>['endpoints']

/**
 * Reports two endpoints that match the same requests, because one of them would never be used.
 * Paths that differ only in case count as the same, because some servers ignore case.
 */
function checkEndpoints(endpoints: HttpEndpoints, report: Report): void {
  endpoints.forEach(({ path }, index) => {
    if (!/[{}<>[\]]/.test(path)) return
    report(
      `agent.endpoints[${index}].path`,
      show(path),
      'a variable part written as :name',
      'Write the path like /tickets/:id.',
    )
  })
  const keys = endpoints.map(({ method, path }) => `${method} ${keyOfPath(path)}`)
  keys.forEach((key, index) => {
    const first = keys.indexOf(key)
    if (first === index) return
    const found = `${endpoints[index]?.method} ${show(endpoints[index]?.path)}, which matches the same requests as endpoints[${first}]`
    report(`agent.endpoints[${index}]`, found, 'endpoints that differ in method or path', 'Remove one of the two.')
  })
}
