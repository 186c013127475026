import { parseArgs } from 'node:util'
import { ConfigurationError } from '../config/fault'
import { type Configuration, load } from '../config/load'
import type { LoadedRoute } from '../config/loaded-route'
import type { Command } from './command'
import { effectiveConfiguration } from './effective'
import { noNetwork } from './no-network'
import { complain, say } from './print'
import { openProject } from './project'

/** Prints the current routes for review and audit, as a table or as complete JSON. */
export const routes: Command = {
  usage: `usage: sallyport routes [--env NAME] [--json]
  --env   an environment of wrangler's file
  --json  the whole effective configuration, with every default filled in`,
  async run(args, root) {
    const options = { env: { type: 'string' }, json: { type: 'boolean', default: false } } as const
    const { values } = parseArgs({ args: [...args], options })
    const { deployments, routes: written } = await openProject(root)
    try {
      const config = load(written, deployments.named(values.env).environment, noNetwork)
      say(values.json ? JSON.stringify(effectiveConfiguration(config, written), null, 2) : routesTable(config))
      return 0
    } catch (thrown) {
      if (!(thrown instanceof ConfigurationError)) throw thrown
      complain(thrown.message)
      return 1
    }
  },
}

const HEAD = ['path', 'kind', 'agent', 'signed in by', 'policies', 'threads'] as const

/** Returns a table with one line for each route, in the order of their paths. */
export function routesTable({ publicUrl, routes: loaded }: Configuration): string {
  const lines = [HEAD, ...[...loaded.values()].sort((a, b) => (a.path < b.path ? -1 : 1)).map(lineOf)]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [`${publicUrl}\n`, ...text].join('\n')
}

function lineOf(route: LoadedRoute): readonly string[] {
  const { path, adapter, origin, trust, policies, threads, isPublic } = route
  const issuers = [...new Set([...trust.issuers, ...trust.apiKeys].map(({ id }) => id))]
  return [
    path,
    adapter.kind,
    route.isForOperators ? '(the list of revocations)' : origin.host + origin.root.replace(/^\/$/, ''),
    isPublic ? '(public)' : issuers.join(', '),
    policies.map(({ id }) => id).join(', ') || '(none)',
    adapter.threads ? threads : '-',
  ]
}
