import { Refusal } from '../../errors/refusal'
import { type Json, type JsonObject, removeSpellingsWithin } from '../../json'
import type { Adapter } from '../adapter'
import { assertionOnly, FORGED_NAMES } from '../identity'
import { messagesOf, param, refuseFolded, requestsIn } from '../json-rpc'
import { bodyOperations, endpoints, type Method, NOTIFY, OPERATIONS, RESPOND, type Whose } from './endpoints'
import { rules, SESSION } from './threads'

/** Operations whose object has a name that policies can use: `tool.call/search`. */
const NAMED: ReadonlySet<string> = new Set(['tool.call', 'prompt.get'])
/**
 * Servers name tools and prompts freely: MCP only recommends a form for names of tools. Policies
 * match names exactly.
 */
const NAME = /^(?!\s)[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,256}(?<!\s)$/u

/**
 * An MCP server over streamable HTTP: one address for messages. Older revisions also have a stream
 * to listen on and the end of a session. The gateway adds no events to its streams. The connection
 * is broken off if a stream breaks: clients resume by `Last-Event-ID`, where that passes.
 *
 * Not checked: arguments of tools, and which resources are read.
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
  // In a session, clients take 404 as its end, and open another one.
  errorForm: (endpoint, body, headers) => {
    const inSession = headers.has(SESSION) && { statuses: { 'operation-unknown': 200 } }
    return endpoint?.named ? requestsIn(body, { hasNotifications: true, ...inSession }) : undefined
  },
}

/**
 * The same for a server whose sessions each have an event store of their own. Then it is enough
 * that the session is the caller's.
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
 * Refuses headers that differ from the body. Since revision 2026-07-28 a request repeats its method
 * and the name of its object in headers, and servers may use those. Policies use the body.
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
 * Returns the value that `Mcp-Name` repeats: a tool's or prompt's name, a resource's address, a
 * task's id.
 */
function nameIn(message: JsonObject): Json | undefined {
  if (message.method === 'resources/read') return param(message, 'uri')
  return param(message, 'name') ?? param(message, 'taskId')
}

/** Decodes a header's value: other text than plain ASCII is sent as `=?base64?…?=`, in UTF-8. */
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
