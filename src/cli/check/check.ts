import { parseArgs } from 'node:util'
import type { Policy, Route } from '../../config/define'
import { ConfigurationError, count, entriesOf, type Fault } from '../../config/fault'
import { type Configuration, load } from '../../config/load'
import { policiesOf, runExamples } from '../../testing/examples'
import type { Command } from '../command'
import { type Deployment, prefixOf } from '../deployments'
import { noNetwork } from '../no-network'
import { complain, say } from '../print'
import { openProject, type Project } from '../project'
import { betweenDeployments } from './between'
import { deploymentFindings } from './deployment'
import { misnamedFiles, unlistedRoutes, unusedVariables } from './files'
import { issuerFaults } from './issuers'
import { askEverybody } from './online'
import { policyFaults, unusableRoutes } from './policies'
import { rateFaults } from './rates'
import { type Result, report } from './report'
import { secretsInRoutes } from './secrets'
import { rulesForStrangers } from './strangers'
import { withSuggestions } from './suggestions'
import { workerFileFaults } from './worker-file'

/**
 * Looks for all mistakes that can be found before a deploy, in every environment of wrangler's
 * file.
 */
export const check: Command = {
  usage: `usage: sallyport check [--env NAME] [--online]
  --env     one environment of wrangler's file; without it, the top level and all of them
  --online  also asks identity providers and agents`,
  async run(args, root) {
    // Wrangler runs `sallyport check` as its build step, also before `wrangler dev`. Under
    // `wrangler dev`, the Worker itself checks its configuration.
    if (process.env.WRANGLER_COMMAND === 'dev') return 0
    const options = { env: { type: 'string' }, online: { type: 'boolean', default: false } } as const
    const { values } = parseArgs({ args: [...args], options })
    const project = await openProject(root)
    const { deployments, routes } = project
    const chosen = values.env === undefined ? deployed(deployments.all) : [deployments.named(values.env)]
    const results = chosen.map((deployment) => examine(deployment, project))
    const unlisted = unlistedRoutes(project.root, routes)
    const between = results.every(({ config }) => config)
      ? betweenDeployments(deployments, routes)
      : { faults: [], notes: [] }
    const ofResults = results.flatMap((result) => result.faults)
    const faults = distinct([
      // If routes/index.ts does not list a route, policies may still name operations of this route.
      // So faults about unknown operations are left out.
      ...(unlisted.length > 0 ? ofResults.filter(({ path }) => !/\.operations\[\d+\]$/.test(path)) : ofResults),
      ...unlisted,
      ...between.faults,
      ...workerFileFaults(root, deployments),
      ...unexpectedFields(project),
    ])
    if (faults.length > 0) {
      complain(new ConfigurationError(withSuggestions(faults, routes)).message)
      return 1
    }
    const problems = values.online ? await askEverybody(results.flatMap(({ config }) => config ?? [])) : []
    if (problems.length > 0) {
      complain(`The online check found ${count(problems, 'problem')}.\n\n${entriesOf(problems)}\n`)
      return 1
    }
    say(report(project, results, between.notes))
    return 0
  },
}

/**
 * Returns the deployments to check. If only environments have variables, the top level of
 * wrangler's file is left out.
 */
function deployed(all: readonly Deployment[]): readonly Deployment[] {
  const [top, ...others] = all
  const isUnused = top !== undefined && top.own.vars === undefined && others.some(({ own }) => own.vars !== undefined)
  return isUnused ? others : all
}

function examine(deployment: Deployment, { root, deployments, routes }: Project): Result {
  let config: Configuration
  try {
    config = load(routes, deployment.environment, noNetwork)
  } catch (thrown) {
    if (!(thrown instanceof ConfigurationError)) throw thrown
    // This configuration does not load, so its parts cannot be compared with each other.
    const { faults } = deploymentFindings(deployment, deployments, [])
    return { deployment, faults: [...thrown.faults.map(placed(deployment, deployments.file)), ...faults], notes: [] }
  }
  const found = deploymentFindings(deployment, deployments, routes)
  const issuers = issuerFaults(routes, deployment.environment)
  const policies = policiesOf(routes)
  const ofPolicies = policyFaults(policies, routes)
  const open = [...config.routes.values()].filter(({ isPublic }) => isPublic)
  return {
    deployment,
    config,
    faults: [
      ...found.faults,
      ...misnamedFiles(root, routes),
      ...issuers.faults,
      ...secretsInRoutes(routes),
      ...ofPolicies,
      ...rateFaults(deployment, deployments.file, policies),
      // The policies' examples run only if `policyFaults` found no mistake. With a mistake, an
      // example's outcome says nothing about the rules.
      ...(ofPolicies.length > 0 ? [] : policies.flatMap((policy) => failedExamples(policy, routes))),
      ...unusableRoutes([...config.routes.values()]),
      ...rulesForStrangers([...config.routes.values()]),
    ],
    notes: [
      ...found.notes,
      ...issuers.notes,
      ...unusedVariables(root, routes, deployment),
      ...open.map(({ path }) => `${path} is public: anyone can use it without sign-in.`),
    ],
  }
}

/**
 * Puts the environment and the real name of wrangler's file into a fault. The Worker's own check,
 * which finds the fault, knows neither.
 */
const placed =
  ({ name }: Deployment, file: string) =>
  (fault: Fault): Fault => {
    const at = fault.file === 'wrangler.toml' ? prefixOf({ name }) : ''
    return {
      ...fault,
      file: fault.file === 'wrangler.toml' ? file : fault.file,
      path: at + fault.path,
      remedy:
        fault.remedy.replaceAll('wrangler.toml', file) +
        (name !== undefined && at === '' && fault.path.endsWith('.env') ? ` (Environment ${name}.)` : ''),
    }
  }

/**
 * Returns a fault for each field of wrangler's file that wrangler does not know, such as a misspelt
 * one.
 */
const unexpectedFields = ({ deployments: { warnings, file } }: Project): Fault[] =>
  warnings
    .filter((warning) => warning.startsWith('Unexpected fields'))
    .map((warning) => ({
      file,
      path: warning.match(/found in (.+?) field/)?.[1] ?? '(whole file)',
      found: warning.match(/field: (.+)$/)?.[1] ?? warning,
      expected: 'only fields that wrangler knows',
      remedy: 'Correct the spelling, or move the field above the first [table]. At this place the field has no effect.',
    }))

const distinct = (faults: readonly Fault[]): Fault[] => [
  ...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values(),
]

function failedExamples(policy: Policy, routes: readonly Route[]): Fault[] {
  return runExamples(policy, routes).map(({ index, does, expected, found }) => ({
    file: `policies/${policy.id}.ts`,
    path: `examples[${index}]`,
    found: `${does}: ${found}`,
    expected,
    remedy: 'Correct the rules, or the example.',
  }))
}
