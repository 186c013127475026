// npm run check [-- --env NAME] [--online]: everything that the Worker checks when it starts, and the policies' own
// examples; with --online, identity providers and agents are asked, too.
import { existsSync } from 'node:fs'
import routes from '../../routes'
import type { Policy, Route } from '../config/define'
import { ConfigurationError, count, entriesOf, type Fault } from '../config/fault'
import { load } from '../config/load'
import { runExamples } from '../policy/examples'
import { readEnvironment } from './environment'
import { noNetwork } from './no-network'
import { nodePorts } from './node-ports'
import { askAgent, askIssuer } from './online'

const args = process.argv.slice(3)
const isOnline = args.includes('--online')
const environment = readEnvironment(args.filter((arg) => arg !== '--online'))
const list: readonly Route[] = routes
const policies = [
  ...new Map(list.flatMap((route) => route.policies ?? []).map((policy) => [policy.id, policy])).values(),
]
const faults: Fault[] = [...loadFaults(), ...list.flatMap(misnamed)]
if (faults.length === 0) faults.push(...policies.flatMap(failedExamples))

const problems = faults.length === 0 && isOnline ? await askAll() : []

if (faults.length > 0) {
  console.error(new ConfigurationError(faults).message)
  process.exitCode = 1
} else if (problems.length > 0) {
  console.error(`The online check found ${count(problems, 'problem')}.\n\n${entriesOf(problems)}\n`)
  process.exitCode = 1
} else {
  const examples = policies.reduce((sum, policy) => sum + policy.examples.length, 0)
  console.log(`${list.length} routes, ${policies.length} policies, ${examples} examples: no faults.`)
}

/** Asks everybody whom the routes name, and prints who answered well. */
async function askAll(): Promise<readonly Fault[]> {
  const loaded = [...load(list, environment, nodePorts).routes.values()]
  const issuers = new Map(
    loaded.flatMap(({ trust }) => trust.issuers).map((each) => [`${each.issuer} ${each.jwksUri}`, each]),
  )
  const found = await Promise.all([
    ...[...issuers.values()].filter(({ isGateway }) => !isGateway).map((issuer) => askIssuer(issuer, nodePorts)),
    ...loaded.map((route) => askAgent(route, nodePorts)),
  ])
  for (const line of found.flatMap(({ lines }) => lines)) console.log(`✓ ${line}`)
  return found.flatMap((each) => each.faults)
}

function loadFaults(): readonly Fault[] {
  try {
    load(list, environment, noNetwork)
    return []
  } catch (thrown) {
    if (thrown instanceof ConfigurationError) return thrown.faults
    throw thrown
  }
}

/** Messages name files by ids, so a file that is named otherwise would send its reader to the wrong place. */
function misnamed(route: Route): Fault[] {
  const parts = [...(route.trust ?? []), ...(route.policies ?? [])].map(({ id }) => `policies/${id}.ts`)
  return [`routes/${route.id}.ts`, ...parts]
    .filter((file) => !existsSync(file))
    .map((file) => ({
      file,
      path: '(file name)',
      found: 'no such file',
      expected: 'a file named as the id that it defines',
      remedy: 'Rename the file or the id.',
    }))
}

function failedExamples(policy: Policy): Fault[] {
  return runExamples(policy).map(({ index, does, expected }) => ({
    file: `policies/${policy.id}.ts`,
    path: `examples[${index}]`,
    found: `${does}: ${expected === 'allow' ? 'deny' : 'allow'}`,
    expected,
    remedy: 'Correct the rules, or the example if it is what is wrong.',
  }))
}
