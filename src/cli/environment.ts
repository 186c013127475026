import path from 'node:path'
import { unstable_readConfig as readConfig } from 'wrangler'
import type { Environment } from '../config/env'

/** What the Worker will find bound, as wrangler.toml says: variables, and services that stand in for the real ones. */
export function readEnvironment(name: string | undefined): Environment {
  const config = readConfig(
    { config: path.resolve('wrangler.toml'), ...(name !== undefined && { env: name }) },
    { hideWarnings: true },
  )
  const services = (config.services ?? []).map(({ binding }: { binding: string }) => [
    binding,
    { fetch: () => Promise.reject(new Error('not running')) },
  ])
  return { ...config.vars, ...Object.fromEntries(services) }
}

/** The value after `--env`, for a named environment of wrangler.toml. */
export function environmentName(args: readonly string[]): string | undefined {
  const at = args.indexOf('--env')
  return at === -1 ? undefined : args[at + 1]
}
