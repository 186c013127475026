import * as v from 'valibot'
import type { Route } from '../../../config/define'
import { ProjectError } from '../../project'
import { type JsonFile, readJsonFile } from '../json-file'

/**
 * The file that lists the agents which `sallyport dev` starts, and the addresses of agents on this
 * machine.
 */
export const DEV_FILE = 'dev.json'

/** An agent on this machine. */
export interface AgentHere {
  /** The agent's address, unless .dev.vars or the shell sets another address for the route. */
  readonly url?: string
  /**
   * The shell command that starts the agent. In this command, `{port}` stands for the port of the
   * agent's address. Absent if the agent is started in another way.
   */
  readonly command?: string
  /** The folder in which to start the agent. Default: the project's folder. */
  readonly folder?: string
  /** Additional environment variables for the agent's process. */
  readonly env?: Readonly<Record<string, string>>
}

const http = v.pipe(
  v.string(),
  v.check((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'an address such as http://127.0.0.1:2024'),
)
const file: JsonFile<{ readonly agents?: Readonly<Record<string, AgentHere>> }> = {
  name: DEV_FILE,
  schema: v.strictObject({
    agents: v.optional(
      v.record(
        v.string(),
        v.strictObject({
          url: v.optional(http),
          command: v.optional(v.pipe(v.string(), v.nonEmpty('a command'))),
          folder: v.optional(v.string()),
          env: v.optional(v.record(v.string(), v.string())),
        }),
      ),
    ),
  }) as v.GenericSchema<unknown, { readonly agents?: Readonly<Record<string, AgentHere>> }>,
  keys: ['agents', 'url', 'command', 'folder', 'env'],
  example: '{ "agents": { "support": { "command": "langgraph dev --port {port}", "folder": "../agent" } } }',
}

/**
 * Reads the agents in dev.json, by the id of their route.
 * @throws ProjectError if the content is invalid
 */
export const readAgents = (root: string): Readonly<Record<string, AgentHere>> => readJsonFile(root, file)?.agents ?? {}

/**
 * Returns the addresses of agents in dev.json, by the names of the variables from which routes read
 * them.
 */
export function addressesOf(
  agents: Readonly<Record<string, AgentHere>>,
  routes: readonly Route[],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(agents).flatMap(([id, { url }]) => {
      const origin = routes.find((route) => route.id === id)?.agent?.origin
      return url !== undefined && origin && 'env' in origin ? [[origin.env, url]] : []
    }),
  )
}

/** Makes the error for a fault of one agent in dev.json. */
export const agentFault = (id: string, field: string, found: string, expected: string): ProjectError =>
  new ProjectError(
    `  ${DEV_FILE}  agents.${id}${field}\n    found     ${found}\n    expected  ${expected}\n    remedy    Correct or remove this setting.`,
  )
