import type { Route } from '../../config/define'
import type { Fault } from '../../config/fault'
import { type Deployment, type Deployments, prefixOf } from '../deployments'
import { addressFaults, isReachable } from './addresses'
import type { Findings } from './finding'
import { type Placeholder, placeholders } from './placeholders'
import { secretNames, secretsInVariables } from './secrets'

/**
 * Compatibility flags with which the gateway notices that a caller has disconnected, and then stops
 * the agent's run.
 */
const FLAGS = ['enable_request_signal', 'request_signal_passthrough']

/** Fields of wrangler's file that have no effect if they come after the line `[vars]`. */
const TOP_LEVEL = [
  ...['name', 'main', 'account_id', 'routes', 'route', 'workers_dev', 'preview_urls', 'compatibility_date'],
  ...['compatibility_flags', 'minify', 'keep_names', 'upload_source_maps', 'build', 'observability', 'limits'],
]

/**
 * Checks everything about one deployment that can be checked without a network, except its routes.
 */
export function deploymentFindings(
  deployment: Deployment,
  { file, all }: Deployments,
  routes: readonly Route[],
): Findings {
  const [top = deployment] = all
  const at = prefixOf(deployment)
  const found = placeholders(deployment, routes)
  return {
    faults: [
      ...misplacedFields(deployment, file, at),
      ...addressFaults(deployment, top, file, at),
      ...missingFlags(deployment, file, at),
      ...secretsInVariables(deployment, file, at, secretNames(routes)),
      ...developmentMode(deployment, file, at),
      ...(isReachable(deployment) ? found.map((each) => placeholderFault(each, file, at)) : []),
    ],
    notes:
      isReachable(deployment) || found.length === 0
        ? []
        : [
            `${nameOf(deployment)} has no address yet. Before you give it an address, replace ${found.map(({ value }) => value).join(', ')}.`,
          ],
  }
}

export const nameOf = ({ name }: Deployment): string => (name === undefined ? 'The Worker' : `Environment ${name}`)

function misplacedFields({ environment }: Deployment, file: string, at: string): Fault[] {
  return TOP_LEVEL.filter((field) => Object.hasOwn(environment, field)).map((field) => ({
    file,
    path: `${at}vars.${field}`,
    found: `${field} below [${at}vars], which makes it a variable`,
    expected: `${field} above the first [table]`,
    remedy: 'Move the field above the first [table]: TOML puts each line into the [table] above it.',
  }))
}

function missingFlags({ config }: Deployment, file: string, at: string): Fault[] {
  const missing = FLAGS.filter((flag) => !config.compatibility_flags.includes(flag))
  if (missing.length === 0) return []
  return [
    {
      file,
      path: `${at}compatibility_flags`,
      found: config.compatibility_flags.join(', ') || 'nothing',
      expected: FLAGS.join(' and '),
      remedy: `Add ${missing.map((flag) => `"${flag}"`).join(', ')}: without them, an agent continues its run after the caller has left.`,
    },
  ]
}

function developmentMode({ environment }: Deployment, file: string, at: string): Fault[] {
  if (environment.ENVIRONMENT !== 'development') return []
  return [
    {
      file,
      path: `${at}vars.ENVIRONMENT`,
      found: '"development"',
      expected: 'nothing, because this Worker can be deployed',
      remedy: 'Remove the variable: it allows agents and issuers over plain http. npm start sets it on your machine.',
    },
  ]
}

const placeholderFault = ({ file: inFile, path, value }: Placeholder, file: string, at: string): Fault => ({
  file: inFile ?? file,
  path: inFile === undefined ? at + path : path,
  found: `${JSON.stringify(value)}, a placeholder`,
  expected: 'your own value',
  remedy: 'Replace the placeholder, because this deployment has a public address.',
})
