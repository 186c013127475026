import { Refusal } from '../../errors/refusal'
import { type Json, type JsonObject, removeSpellingsWithin } from '../../json'
import type { Adapter } from '../adapter'
import { assertionOnly, FORGED_NAMES } from '../identity'
import { messagesOf, param, refuseFolded, requestsIn } from '../json-rpc'
import { bodyOperations, endpoints, type Method, NOTIFY, OPERATIONS, RESPOND, type Whose } from './endpoints'
import { rules, SESSION } from './threads'

/** Operations on a tool or a prompt. Policies can use its name: `tool.call/search`. */
const NAMED: ReadonlySet<string> = new Set(['tool.call', 'prompt.get'])
/**
 * Matches the names of tools and prompts that the gateway accepts. Servers choose them freely,
 * because MCP only recommends a format for tool names. Policies match names exactly.
 */
const NAME = /^(?!\s)[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,256}(?<!\s)$/u

/**
 * The adapter for an MCP server over streamable HTTP, with one address for messages. In older
 * revisions, clients can also listen to a stream and end a session. The gateway adds no events to
 * the server's streams. If a stream breaks, the gateway aborts the connection. Clients resume it
 * with `Last-Event-ID`, if the gateway passes that header.
 *
 * Not checked: the arguments of tools, and the resources that the caller reads.
 */
export const mcp: Adapter<Whose> = {
  kind: 'mcp',
  endpoints,
  bodyOperations,
  identity: assertionOnly,
  heartbeatSeconds: 0,
  requestHeaders: ['mcp-protocol-version', 'mcp-session-id', 'mcp-method', 'mcp-name', 'mcp-param-*'],
  responseHeaders: ['mcp-session-id', 'mcp-protocol-version'],
  // A web page that reaches a local server by DNS rebinding still sends its own origin (MCP
  // transports, "security warning").
  refusesForeignOrigins: true,

  operationsOf({ endpoint, headers, body }) {
    if (!endpoint.named) return [endpoint.operation]
    const messages = messagesOf(body)
    for (const { params } of messages) refuseFolded(params, ['name', 'uri', 'taskId', 'requestState', '_meta'])
    refuseOtherHeaders(headers, messages)
    return [...new Set(messages.map(operationOf))]
  },

  rewrite(body) {
    for (const message of messagesOf(body)) {
      const meta = param(message, '_meta')
      if (meta !== undefined) removeSpellingsWithin(meta, FORGED_NAMES)
    }
    return body
  },
  threads: { rules },
  threadOf: () => undefined,
  // In a session, clients read 404 as the end of the session and open a new one. So an unknown
  // operation is answered with 200 there.
  errorForm: (endpoint, body, headers) => {
    const inSession = headers.has(SESSION) && { statuses: { 'operation-unknown': 200 } }
    return endpoint?.named ? requestsIn(body, { hasNotifications: true, ...inSession }) : undefined
  },
}

/**
 * The adapter for an MCP server that has a separate event store for each session. The caller may
 * resume a stream with `Last-Event-ID`, if the session is the caller's.
 */
export const mcpWithStores: Adapter<Whose> = { ...mcp, threads: { rules, resumes: true } }

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
 * Refuses `Mcp-Method` and `Mcp-Name` headers that differ from the body. Since revision 2026-07-28,
 * a request repeats its method and the name of its tool, prompt, resource or task in them. Servers
 * may use the headers, but policies use the body.
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
    const said = decodedValue(value)
    // A value that cannot be decoded is refused, because some servers would decode it anyway.
    if (said === undefined || messages.length > 1 || said !== inBody) throw new Refusal('header-mismatch', name)
  }
}

/**
 * Returns the value in a message that the header `Mcp-Name` must repeat: the name of a tool or
 * prompt, the URI of a resource, or the id of a task.
 */
function nameIn(message: JsonObject): Json | undefined {
  if (message.method === 'resources/read') return param(message, 'uri')
  return param(message, 'name') ?? param(message, 'taskId')
}

/**
 * Decodes the value of a header. Clients send text that is not plain ASCII as `=?base64?…?=`, in
 * UTF-8.
 */
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
