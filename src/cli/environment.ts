import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { unstable_readConfig as readConfig } from 'wrangler'
import type { Environment } from '../config/env'

const FILE = 'wrangler.toml'

/**
 * The bindings of the Worker, as wrangler.toml says: variables, and what stands in for every other sort.
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
  const bound = bindingNames(config).map((name) => [name, standIn])
  return { ...config.vars, ...Object.fromEntries(bound) }
}

/** Has every method, and does nothing. */
const standIn = new Proxy({}, { get: () => () => Promise.reject(new Error('not running')) })

/**
 * The names of bindings of every sort: wrangler lists them as `binding` or `name`, some of them
 * below `bindings` or `producers`.
 */
function bindingNames(config: object): readonly string[] {
  const lists = Object.values(config)
    .flatMap((part) => [part, part?.bindings, part?.producers])
    .filter(Array.isArray)
  return lists.flat().flatMap((item) => [item?.binding, item?.name].filter((name) => typeof name === 'string'))
}
