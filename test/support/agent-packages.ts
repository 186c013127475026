import { createRequire } from 'node:module'
import path from 'node:path'
import { root } from './build'
import { ready } from './packages'

/**
 * A package of test/agents: what agents are made of, and their official clients. Their own types
 * would need all of them at once.
 */
// biome-ignore lint/suspicious/noExplicitAny: used as their documentation shows it, and checked by running
export type AgentPackage = any

/** Loads packages that only these tests have. Each name is what `require` takes. */
export async function loadAgentPackages<const Names extends readonly string[]>(
  ...names: Names
): Promise<{ [Index in keyof Names]: AgentPackage }> {
  await ready('test/agents')
  const require = createRequire(path.join(root, 'test/agents/package.json'))
  return names.map((name) => require(name)) as { [Index in keyof Names]: AgentPackage }
}
