import type { Fault } from '../../config/fault'
import type { Configuration } from '../../config/load'
import type { LoadedRoute } from '../../config/loaded-route'
import { policiesOf } from '../../testing/examples'
import type { Deployment } from '../deployments'
import type { Project } from '../project'
import { nameOf } from './deployment'
import { unusedFiles } from './files'
import { neededSecrets } from './secrets'

/** The result of the check of one deployment. */
export interface Result {
  readonly deployment: Deployment
  readonly faults: readonly Fault[]
  readonly notes: readonly string[]
  /** Absent if the configuration does not load. */
  readonly config?: Configuration
}

/**
 * Returns the text for a check without faults: the notes, and the secrets that a deployment needs.
 */
export function report(
  { root, deployments, routes }: Project,
  results: readonly Result[],
  more: readonly string[],
): string {
  const policies = policiesOf(routes)
  const examples = policies.reduce((sum, policy) => sum + policy.examples.length, 0)
  const notes = [
    ...new Set([...results.flatMap((result) => result.notes), ...more, ...unusedFiles(root, routes)]),
    ...deployments.warnings.map((warning) => `wrangler: ${warning}`),
  ]
  const secrets = results.flatMap(({ deployment, config }) =>
    secretLines(deployment, [...(config?.routes.values() ?? [])]),
  )
  return [
    ...notes.map((note) => `! ${note}`),
    ...secrets,
    `${routes.length} routes, ${policies.length} policies, ${examples} examples: no faults.`,
  ].join('\n')
}

function secretLines(deployment: Deployment, routes: readonly LoadedRoute[]): readonly string[] {
  const needed = neededSecrets(routes)
  if (needed.length === 0) return []
  const env = deployment.name === undefined ? '' : ` --env ${deployment.name}`
  const width = Math.max(...needed.map(({ name }) => name.length))
  return [
    `${nameOf(deployment)} needs these secrets:`,
    ...needed.map(
      ({ name, from }) =>
        `  ${name.padEnd(width)}  npx wrangler secret put ${name}${env}   (from: ${from}${from.startsWith('sallyport') ? env : ''})`,
    ),
  ]
}
