import type { Route } from '../../config/define'
import type { Fault } from '../../config/fault'
import { type Deployment, type Deployments, prefixOf } from '../deployments'
import { patternsOf } from './addresses'
import type { Findings } from './finding'
import { variablesOf } from './placeholders'

/** Compares the deployments that one wrangler file defines with each other. */
export function betweenDeployments({ all, file }: Deployments, routes: readonly Route[]): Findings {
  const faults: Fault[] = []
  const notes: string[] = []
  const hosts = new Map<string, Deployment>()
  const names = new Map<string, Deployment>()
  for (const deployment of all) {
    const at = prefixOf(deployment)
    for (const host of ownHosts(deployment)) {
      const other = hosts.get(host)
      if (other)
        faults.push({
          file,
          path: `${at}routes`,
          found: `${host}, which ${whatOf(other)} has too`,
          expected: 'an address of its own',
          remedy: 'Give each deployment its own address. Otherwise the later deploy takes the address from the other.',
        })
      hosts.set(host, deployment)
    }
    const name = typeof deployment.own.name === 'string' ? deployment.own.name : undefined
    const other = name === undefined ? undefined : names.get(name)
    if (name !== undefined && other)
      faults.push({
        file,
        path: `${at}name`,
        found: `"${name}", which ${whatOf(other)} has too`,
        expected: 'a name of its own',
        remedy: 'Remove the line: wrangler adds the environment to the name of the Worker by itself.',
      })
    if (name !== undefined) names.set(name, deployment)
    notes.push(...shared(deployment, all[0], routes))
  }
  return { faults, notes }
}

const whatOf = ({ name }: Deployment): string => (name === undefined ? 'the top level' : `environment ${name}`)

/**
 * Returns the hosts that wrangler's file lists for this deployment itself. Another check reports
 * hosts that a deployment inherits from the top level.
 */
const ownHosts = (deployment: Deployment): readonly string[] =>
  deployment.own.routes === undefined && deployment.own.route === undefined
    ? []
    : patternsOf(deployment).map((pattern) => pattern.replace(/^https?:\/\//, '').split('/')[0] ?? '')

/**
 * Reports the addresses of agents that an environment shares with the top level. A project seldom
 * intends to share an agent between them.
 */
function shared(deployment: Deployment, top: Deployment | undefined, routes: readonly Route[]): readonly string[] {
  if (!top || deployment === top) return []
  const origins = variablesOf(routes.map(({ agent }) => agent?.origin))
  return [...origins]
    .filter((name) => {
      const value = deployment.environment[name]
      return typeof value === 'string' && value === top.environment[name]
    })
    .map((name) => `${prefixOf(deployment)}vars.${name} names the same agent as at the top level.`)
}
