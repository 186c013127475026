import path from 'node:path'
import { unstable_getVarsForDev as varsForDev } from 'wrangler'
import type { Route } from '../../config/define'
import { variablesOf } from '../check/placeholders'
import { addressesOf, readAgents } from './agents/settings'

/**
 * Returns the variables and secrets for this machine. Variables of the shell override .dev.vars,
 * and .dev.vars overrides dev.json.
 */
export function variablesHere(root: string, file: string, routes: readonly Route[]): Record<string, string> {
  const bindings = varsForDev(path.join(root, file), undefined, {}, undefined, true)
  const fromFile = Object.entries(bindings).flatMap(([name, binding]) =>
    'value' in binding && typeof binding.value === 'string' ? [[name, binding.value]] : [],
  )
  const fromShell = [...variablesOf(routes)].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))
  return { ...addressesOf(readAgents(root), routes), ...Object.fromEntries([...fromFile, ...fromShell]) }
}
