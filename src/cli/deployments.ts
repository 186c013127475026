import { existsSync } from 'node:fs'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import {
  unstable_readConfig as readConfig,
  experimental_readRawConfig as readRawConfig,
  type Unstable_Config as WranglerConfig,
} from 'wrangler'
import type { Environment } from '../config/env'

/**
 * The possible names of wrangler's configuration file, in the order in which wrangler looks for
 * them.
 */
const FILES = ['wrangler.json', 'wrangler.jsonc', 'wrangler.toml']

/**
 * One place that the Worker is deployed to: the top level of wrangler's file, or one of its
 * environments.
 */
export interface Deployment {
  /** The name of the environment; undefined for the top level. */
  readonly name: string | undefined
  /** The configuration as wrangler reads it, with the fields that an environment inherits. */
  readonly config: WranglerConfig
  /** The deployment's own part of the file, without inherited fields. */
  readonly own: Readonly<Record<string, unknown>>
  /**
   * The deployment's variables, and a placeholder for every other binding. It contains no secrets.
   */
  readonly environment: Environment
}

/** Returns the prefix of this deployment's fields in wrangler's file, such as `env.staging.`. */
export const prefixOf = ({ name }: Pick<Deployment, 'name'>): string => (name === undefined ? '' : `env.${name}.`)

/** The deployments that a project's wrangler file defines. */
export interface Deployments {
  /** The name of the file, such as `wrangler.toml`. */
  readonly file: string
  /** All deployments, with the top level first. */
  readonly all: readonly Deployment[]
  /** Wrangler's warnings about the file, without duplicates. */
  readonly warnings: readonly string[]
  /**
   * Returns one deployment.
   * @param name the environment; undefined for the top level
   * @throws Error for an environment that does not exist
   */
  named(name: string | undefined): Deployment
}

/**
 * Reads the file that wrangler would deploy with.
 * @throws Error if there is no such file, or if wrangler cannot read it
 */
export function readDeployments(root: string): Deployments {
  const file = FILES.find((name) => existsSync(path.join(root, name)))
  if (!file) throw new Error(`There is no wrangler.toml in ${root}. Run this command in the folder of your gateway.`)
  const config = path.join(root, file)
  const raw = saidBy(file, () => readRawConfig({ config }).rawConfig as Readonly<Record<string, unknown>>)
  const environments = (raw.env ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>
  const warnings = new Set<string>()
  const read = (name: string | undefined): Deployment => {
    const { result, warned } = saidBy(file, () =>
      withWarnings(() => readConfig({ config, ...(name !== undefined && { env: name }) })),
    )
    for (const warning of warned) warnings.add(warning)
    const own = (name === undefined ? raw : environments[name]) ?? {}
    const bound = bindingNames(result).map((binding) => [binding, standIn])
    return { name, config: result, own, environment: { ...result.vars, ...Object.fromEntries(bound) } }
  }
  const all = [undefined, ...Object.keys(environments)].map(read)
  return {
    file,
    all,
    warnings: [...warnings],
    named(name) {
      const found = all.find((deployment) => deployment.name === name)
      if (found) return found
      const names = Object.keys(environments).join(', ') || 'none'
      throw new Error(`${file} has no environment "${name}". Its environments are: ${names}.`)
    },
  }
}

/**
 * Runs `read`. If it fails, throws an error that names the file, and the line that wrangler cannot
 * read.
 */
function saidBy<Result>(file: string, read: () => Result): Result {
  try {
    return read()
  } catch (thrown) {
    const { text, message, location } = thrown as {
      readonly text?: string
      readonly message: string
      readonly location?: { readonly line?: number }
    }
    const at = location?.line === undefined ? file : `${file}:${location.line}`
    const lines = stripVTControlCharacters(text ?? message)
      .split('\n')
      .map((line) => line.trim())
    throw new Error(`  ${at}\n    fault     ${lines.filter((line) => line !== '').join(' ')}`)
  }
}

/**
 * Runs `work` and collects the warnings that wrangler writes to the console. Wrangler writes one
 * coloured text with a dash before each warning.
 */
function withWarnings<Result>(work: () => Result): { readonly result: Result; readonly warned: readonly string[] } {
  const { warn } = console
  const written: string[] = []
  console.warn = (...texts: unknown[]) => void written.push(stripVTControlCharacters(texts.join(' ')))
  try {
    const result = work()
    const lines = written.flatMap((text) => text.split(/\n\s*- /).slice(1))
    // Lines that end with "configuration" are only headings above other warnings.
    const warned = lines.map((line) => line.replace(/\s+/g, ' ').trim()).filter((line) => !/ configuration$/.test(line))
    return { result, warned }
  } finally {
    console.warn = warn
  }
}

/** A placeholder for a binding. It has every method, and each method fails. */
const standIn = new Proxy({}, { get: () => () => Promise.reject(new Error('not running')) })

/**
 * Returns the names of all bindings. In wrangler's configuration, the field with the name is
 * `binding` or `name`. Some bindings are one level deeper, in `bindings` or `producers`.
 */
function bindingNames(config: object): readonly string[] {
  const lists = Object.values(config)
    .flatMap((part) => [part, part?.bindings, part?.producers])
    .filter(Array.isArray)
  return lists.flat().flatMap((item) => [item?.binding, item?.name].filter((name) => typeof name === 'string'))
}
