import * as v from 'valibot'
import type { Route } from '../../../config/define'
import { ProjectError } from '../../project'
import { type JsonFile, readJsonFile } from '../json-file'

/**
 * Where a project says which agents `sallyport dev` starts, and where agents are on this machine.
 */
export const DEV_FILE = 'dev.json'

/** An agent on this machine. */
export interface AgentHere {
  /** Its address, unless .dev.vars or the shell gives the route another. */
  readonly url?: string
  /**
   * The command that starts it, for a shell. `{port}` in it is the port of its address. Absent:
   * somebody else starts it.
   */
  readonly command?: string
  /** The folder to start it in; that of the project by default. */
  readonly folder?: string
  /** More variables for its process. */
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
 * Reads which agents a project has on this machine, by the id of their route.
 * @throws ProjectError where the file is something else
 */
export const readAgents = (root: string): Readonly<Record<string, AgentHere>> => readJsonFile(root, file)?.agents ?? {}

/** The addresses that the file gives, by the variables that routes read them from. */
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

/** A fault of one agent in the file. */
export const agentFault = (id: string, field: string, found: string, expected: string): ProjectError =>
  new ProjectError(
    `  ${DEV_FILE}  agents.${id}${field}\n    found     ${found}\n    expected  ${expected}\n    remedy    Correct or remove it.`,
  )
