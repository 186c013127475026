import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { unstable_readConfig as readConfig } from 'wrangler'
import type { Environment } from '../config/env'

const FILE = 'wrangler.toml'

/**
 * The bindings of the Worker, as wrangler.toml says: variables, and services that stand in for the real ones.
 * @param args of the command: nothing, or `--env NAME` for an environment of that file
 * @throws Error for other arguments and for an environment that is not there
 */
export function readEnvironment(args: readonly string[]): Environment {
  const { env } = parseArgs({ args: [...args], options: { env: { type: 'string' } } }).values
  const names = [...readFileSync(FILE, 'utf8').matchAll(/^\s*\[+env\.([\w-]+)/gm)].map((match) => match[1])
  if (env !== undefined && !names.includes(env)) {
    throw new Error(`${FILE} has no environment "${env}"; it has: ${[...new Set(names)].join(', ') || 'none'}.`)
  }
  const config = readConfig({ config: path.resolve(FILE), ...(env !== undefined && { env }) }, { hideWarnings: true })
  const services = (config.services ?? []).map(({ binding }: { binding: string }) => [
    binding,
    { fetch: () => Promise.reject(new Error('not running')) },
  ])
  return { ...config.vars, ...Object.fromEntries(services) }
}
