import { Refusal } from '../../errors/refusal'
import type { Json, JsonObject } from '../../json'
import type { Adapter } from '../adapter'
import { type EnvelopeEndpoint, read, remove, type WhoseOf } from '../endpoints'
import { assertionOnly } from '../identity'
import { messagesOf, param, refuseFolded } from '../json-rpc'
import { rules } from './threads'

/** MCP's methods, of the revisions from 2024-11-05 to 2026-07-28, as operations. What is not here is not offered. */
const OPERATIONS = {
  initialize: 'session.open',
  'server/discover': 'session.open',
  ping: 'session.ping',
  'logging/setLevel': 'session.log',
  'subscriptions/listen': 'session.listen',
  'tools/list': 'tool.list',
  'tools/call': 'tool.call',
  'prompts/list': 'prompt.list',
  'prompts/get': 'prompt.get',
  'resources/list': 'resource.list',
  'resources/templates/list': 'resource.list',
  'resources/read': 'resource.read',
  'resources/subscribe': 'resource.subscribe',
  'resources/unsubscribe': 'resource.subscribe',
  'completion/complete': 'completion',
  'tasks/get': 'task.get',
  'tasks/result': 'task.get',
  'tasks/update': 'task.update',
  'tasks/cancel': 'task.cancel',
  'tasks/list': 'task.list',
} as const
type Method = keyof typeof OPERATIONS

/** A notification, and an answer to what the server asked (a sampling, an elicitation). */
const NOTIFY = 'session.notify'
const RESPOND = 'session.respond'

/** Those whose object has a name that policies can speak of: `tool.call/search`. */
const NAMED: ReadonlySet<string> = new Set(['tool.call', 'prompt.get'])
/** What MCP advises for tool names (revision 2025-11-25, "tool names"). */
const NAME = /^[A-Za-z0-9_./-]{1,128}$/

type Operation = (typeof OPERATIONS)[Method] | typeof NOTIFY | typeof RESPOND

/**
 * Who each operation belongs to. Ids of tasks (revision 2025-11-25 and later) stand in answers among what tools say, where they
 * cannot be told apart for certain.
 */
const WHOSE = {
  'session.open': 'session',
  'session.ping': 'session',
  'session.log': 'session',
  'session.listen': 'session',
  'tool.list': 'session',
  'tool.call': 'session',
  'prompt.list': 'session',
  'prompt.get': 'session',
  'resource.list': 'session',
  'resource.read': 'session',
  'resource.subscribe': 'session',
  completion: 'session',
  'task.get': 'everybody',
  'task.update': 'everybody',
  'task.cancel': 'everybody',
  'task.list': 'everybody',
  [NOTIFY]: 'session',
  [RESPOND]: 'session',
} as const satisfies Record<Operation, string>

/** A list holds everybody's tasks: servers keep them apart for nobody. */
const CLOSED = new Set<string>(['task.list'])

const bodyOperations = Object.entries(WHOSE).map(([operation, whose]) => ({
  operation,
  whose,
  ...(CLOSED.has(operation) && { closed: true as const }),
}))

const endpoints = [read('session.listen', '/', 'session'), remove('session.close', '/', 'session')]

const envelope: EnvelopeEndpoint = { operation: 'message', method: 'POST', path: '/', body: 'json', named: 'in-body' }

type McpAdapter = Adapter<WhoseOf<typeof endpoints> | WhoseOf<typeof bodyOperations>>

/**
 * An MCP server over streamable HTTP: one address for messages; in older revisions also a stream to listen on and the end of
 * a session. Its streams pass untouched, and one that breaks is broken off: clients resume by `Last-Event-ID`, where that passes.
 *
 * Not looked at: arguments of tools, and what resources are read.
 */
export const mcp: McpAdapter = {
  kind: 'mcp',
  endpoints: [envelope, ...endpoints],
  bodyOperations,
  identity: assertionOnly,
  heartbeatSeconds: 0,
  requestHeaders: ['mcp-protocol-version', 'mcp-session-id', 'mcp-method', 'mcp-name', 'mcp-param-*'],
  responseHeaders: ['mcp-session-id', 'mcp-protocol-version'],
  // A web page that reaches a local server through a rebound name has its own origin still (MCP transports, "security warning").
  refusesForeignOrigins: true,

  operationsOf({ endpoint, headers, body }) {
    if (!endpoint.named) return [endpoint.operation]
    const messages = messagesOf(body)
    for (const { params } of messages) refuseFolded(params, ['name', 'uri', 'taskId'])
    refuseOtherHeaders(headers, messages)
    return [...new Set(messages.map(operationOf))]
  },

  rewrite: (body) => body,
  threads: { rules },
  threadOf: () => undefined,
}

/** The same where each session keeps its events in a store of its own: then it is enough that the session is the caller's. */
export const mcpWithStores: McpAdapter = { ...mcp, threads: { rules, resumes: true } }

function operationOf(message: JsonObject): string {
  const { method } = message
  if (typeof method !== 'string') return RESPOND
  if (method.startsWith('notifications/')) return NOTIFY
  if (!Object.hasOwn(OPERATIONS, method)) throw new Refusal('operation-unknown')
  const operation = OPERATIONS[method as Method]
  if (!NAMED.has(operation)) return operation
  const name = param(message, 'name')
  if (typeof name !== 'string' || !NAME.test(name)) throw new Refusal('body-invalid', 'name')
  return `${operation}/${name}`
}

/**
 * Since revision 2026-07-28 a request says its method, and the name of what it is about, in headers as well, and servers may go
 * by those. Policies go by the body, so the two may not differ.
 * @throws Refusal `header-mismatch`
 */
function refuseOtherHeaders(headers: Headers, messages: readonly JsonObject[]): void {
  const [message] = messages
  const repeated = [
    ['mcp-method', message?.method],
    ['mcp-name', message && nameIn(message)],
  ] as const
  for (const [name, inBody] of repeated) {
    const value = headers.get(name)
    if (value === null) continue
    if (messages.length > 1 || decodedValue(value) !== inBody) throw new Refusal('header-mismatch', name)
  }
}

/** What `Mcp-Name` repeats: a tool's or prompt's name, a resource's address, a task's id. */
function nameIn(message: JsonObject): Json | undefined {
  if (message.method === 'resources/read') return param(message, 'uri')
  return param(message, 'name') ?? param(message, 'taskId')
}

/** Values beyond plain ASCII travel as `=?base64?…?=`, in UTF-8. */
function decodedValue(value: string): string | undefined {
  const base64 = /^=\?base64\?(.*)\?=$/i.exec(value)?.[1]
  if (base64 === undefined) return value
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
