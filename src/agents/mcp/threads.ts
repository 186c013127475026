import { Refusal } from '../../errors/refusal'
import { dataLinesMapped } from '../../event-text'
import { isObject, type Json, parseJson } from '../../json'
import { unnamed } from '../../policy/operation'
import type { Ids } from '../../threads/ids'
import { type AnswerChange, composed } from '../answer-change'
import { shape, stringsAt, stringsReplaced } from '../json-places'
import { LAST_EVENT } from '../thread-headers'
import type { Rule } from '../thread-isolation'
import { STATEFUL } from './endpoints'

/** The header with the id of an MCP session. Revisions of MCP without sessions do not have it. */
export const SESSION = 'mcp-session-id'

/**
 * The first MCP revision in which a server can send the state of a request to the client ("multi
 * round-trip requests"). The client sends it back.
 */
const HAS_REQUEST_STATE = '2026-07-28'
/**
 * Returns the MCP revision of a request. It is a date; the names of drafts sort after every date.
 */
const revisionOf = (headers: Headers): string => headers.get('mcp-protocol-version') ?? ''

const ANSWER = shape<'request-state'>({ result: shape({ requeststate: 'request-state' }) })

/**
 * Seals session ids and request states: it adds a signature (an HMAC) that they are the caller's.
 * Without a seal, anyone who knows one of them could continue the conversation. A session id
 * without the caller's seal is replaced by one that the server has never issued.
 *
 * Most servers keep the events of all sessions in one store. The SDKs name streams by the caller's
 * request id (Python), or give all listening streams one name. So an event id that the caller
 * received may replay events of another session. The gateway removes event ids, unless the route
 * says that each session has its own store.
 */
const session: Rule = async (call, { ids }) => {
  const headers = new Headers(call.headers)
  const given = headers.get(SESSION)
  if (given !== null) headers.set(SESSION, await ids.toAgent('session', given))
  // Without a session, the caller has no separate event store, so `Last-Event-ID` is removed.
  else headers.delete(LAST_EVENT)
  const body = await withOpenedState(call.body, ids)
  const sealedSession: AnswerChange = {
    async headers(answered) {
      const sessionId = answered[SESSION]
      if (sessionId !== undefined) answered[SESSION] = await ids.seal('session', sessionId)
    },
  }
  const isStateful = call.operations.some((operation) => STATEFUL.has(unnamed(operation)))
  // Answers are read only in revisions that have request states. In other revisions they pass
  // unread.
  const sealedState = isStateful && revisionOf(call.headers) >= HAS_REQUEST_STATE ? stateSealed(ids) : undefined
  return { call: { ...call, headers, body }, change: composed([sealedSession, sealedState]) }
}

function stateSealed(ids: Ids): AnswerChange {
  const answer = async (text: string): Promise<string> =>
    text.includes('equestState') && parseJson(text) !== undefined
      ? stringsReplaced(text, stringsAt(text, ANSWER), ({ sort, text: state }) => ids.seal(sort, state))
      : text
  return { answer, events: (text) => (text.includes('equestState') ? dataLinesMapped(text, answer) : text) }
}

/**
 * Replaces the sealed request state in a body by the server's own state.
 * @throws Refusal `thread-unknown` if the state does not have this caller's seal
 */
async function withOpenedState(body: Json | undefined, ids: Ids): Promise<Json | undefined> {
  if (Array.isArray(body)) return Promise.all(body.map(async (one) => (await withOpenedState(one, ids)) ?? null))
  if (!isObject(body) || !isObject(body.params)) return body
  const { requestState: given } = body.params
  if (given === undefined || given === null) return body
  const state = typeof given === 'string' ? await ids.open('request-state', given) : undefined
  if (state === undefined) throw new Refusal('thread-unknown')
  return { ...body, params: { ...body.params, requestState: state } }
}

export const rules = { session }
