import { toAgent } from '../../threads/ids'
import { LAST_EVENT } from '../thread-headers'
import type { Rule } from '../thread-isolation'

const SESSION = 'mcp-session-id'

/** Seals session ids for their caller. An id without the caller's seal is replaced by one that the server has never given. */
const session: Rule = async (call, { ids }) => {
  const headers = new Headers(call.headers)
  const given = headers.get(SESSION)
  if (given !== null) headers.set(SESSION, await toAgent(ids, 'session', given))
  // Without a session there is no store that is the caller's.
  else headers.delete(LAST_EVENT)
  return {
    call: { ...call, headers },
    change: {
      async headers(answered) {
        const sessionId = answered[SESSION]
        if (sessionId !== undefined) answered[SESSION] = await ids.seal('session', sessionId)
      },
    },
  }
}

/**
 * MCP as most servers are: one store has the events of all sessions. The SDKs call streams by the caller's request id (Python), or
 * all that listen by the same name, so an event id of the caller's own may replay what another session was told. None is passed on.
 */
export const rules = { session }
