import { type Ids, toAgent } from '../threads/ids'
import type { ThreadKeeping } from './threads'

const SESSION = 'mcp-session-id'
const LAST_EVENT = 'last-event-id'

/**
 * MCP: the server's session ids, and the ids of events by which a stream is taken up again, reach the caller with a mark that they
 * are its own. Another's becomes an id that the server has never given, and it answers as to any such.
 *
 * Ids of tasks (revision 2025-11-25 and later) stand in answers among what tools say, where they cannot be told apart for
 * certain: operations on tasks are offered only where threads are shared.
 */
export const mcpThreads: ThreadKeeping = {
  sharedOnly: new Set(['task.get', 'task.update', 'task.cancel', 'task.list']),
  async keep(passing, _asked, { ids }) {
    const headers = new Headers(passing.headers)
    for (const [name, sort] of [
      [SESSION, 'session'],
      [LAST_EVENT, 'event'],
    ] as const) {
      const given = headers.get(name)
      if (given !== null) headers.set(name, await toAgent(ids, sort, given))
    }
    return {
      ...passing,
      headers,
      restoration: {
        async headers(answered) {
          const session = answered.get(SESSION)
          if (session !== null) answered.set(SESSION, await ids.seal('session', session))
        },
        events: (text) => withSealedIds(text, ids),
      },
    }
  },
}

/** The `id` lines of events (HTML standard, "Server-sent events"). An empty one unsets the id and stays so. */
const ID_LINE = /(?<=^|[\r\n])id: ?([^\r\n]+)/g

async function withSealedIds(text: string, ids: Ids): Promise<string> {
  const lines = [...text.matchAll(ID_LINE)]
  if (lines.length === 0) return text
  let sealed = ''
  let from = 0
  for (const line of lines) {
    sealed += `${text.slice(from, line.index)}id: ${await ids.seal('event', line[1] ?? '')}`
    from = line.index + line[0].length
  }
  return sealed + text.slice(from)
}
