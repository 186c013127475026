import { toAgent } from '../../threads/ids'
import { LAST_EVENT, withOwnHeaders } from '../thread-headers'
import type { ThreadKeeping } from '../thread-isolation'

const SESSION = 'mcp-session-id'

/** Session ids reach the caller with a mark that they are its own. Another's becomes one that the server has never given. */
const sessions: ThreadKeeping = {
  // Ids of tasks (revision 2025-11-25 and later) stand in answers among what tools say, where they cannot be told apart for certain.
  sharedOnly: new Set(['task.get', 'task.update', 'task.cancel', 'task.list']),
  async keep(passing, _asked, { ids }) {
    const headers = new Headers(passing.headers)
    const given = headers.get(SESSION)
    if (given !== null) headers.set(SESSION, await toAgent(ids, 'session', given))
    // Without a session there is no store that is the caller's.
    else headers.delete(LAST_EVENT)
    return {
      ...passing,
      headers,
      restoration: {
        async headers(answered) {
          const session = answered[SESSION]
          if (session !== undefined) answered[SESSION] = await ids.seal('session', session)
        },
      },
    }
  },
}

/**
 * MCP as most servers are: one store has the events of all sessions. The SDKs call streams by the caller's request id (Python), or
 * all that listen by the same name, so an event id of the caller's own may replay what another session was told. None is passed on.
 */
export const mcpThreads = withOwnHeaders(sessions)

/** MCP where each session has a store of its own: then it is enough that the session is the caller's. */
export const mcpThreadsOfStores = withOwnHeaders(sessions, { resumes: true })
