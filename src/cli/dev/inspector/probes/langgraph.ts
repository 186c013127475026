import type { Probe } from './probe'

const ASK_MS = 2_000

type Configurable = Readonly<Record<string, unknown>>

/**
 * Returns a probe that finds a LangGraph server whose graphs do not receive the `x-user-*` headers.
 * A Python server copies these headers only if its langgraph.json says so. For one run of each
 * route, the probe fetches the run's configuration from the server.
 */
export function langgraphProbe(): Probe {
  const known = new Set<string>()
  return async ({ request, status, headers, json }, { id, adapter, origin }) => {
    const [, thread, run] = /^(?:\/threads\/([^/]+))?\/runs\/([^/]+)$/.exec(headers['content-location'] ?? '') ?? []
    const hasUser = request.headers.some(([name]) => name.toLowerCase() === 'x-user-id')
    if (adapter.kind !== 'langgraph' || !hasUser || json !== undefined || status >= 300 || run === undefined)
      return undefined
    if (known.has(id)) return undefined
    const configurable = await configurableOf(origin.host + origin.prefix, thread, run)
    if (!configurable) return undefined
    known.add(id)
    // A server that verifies the assertion with its own auth fills `langgraph_auth_user`.
    if ('x-user-id' in configurable || configurable.langgraph_auth_user) return undefined
    return `its graphs do not see who is asking. Put this into its langgraph.json, and start it again:
    "http": { "configurable_headers": { "includes": ["x-user-*"] } }`
  }
}

/**
 * Fetches the configuration of a run from the server.
 * @param thread undefined for a run without a thread: the server makes a temporary thread for it
 * @returns undefined if the server does not return the configuration
 */
async function configurableOf(
  server: string,
  thread: string | undefined,
  run: string,
): Promise<Configurable | undefined> {
  const threads = thread === undefined ? await busyThreads(server) : [thread]
  for (const each of threads) {
    const found = await asked<{ kwargs?: { config?: { configurable?: Configurable } } }>(
      `${server}/threads/${each}/runs/${run}`,
    )
    if (found?.kwargs?.config?.configurable) return found.kwargs.config.configurable
  }
  return undefined
}

async function busyThreads(server: string): Promise<readonly string[]> {
  const body = JSON.stringify({ status: 'busy', limit: 5, sort_by: 'created_at', sort_order: 'desc' })
  const headers = { 'content-type': 'application/json' }
  const found = await asked<unknown>(`${server}/threads/search`, {
    method: 'POST',
    headers,
    body,
  })
  if (!Array.isArray(found)) return []
  return found.flatMap((each) => (typeof each?.thread_id === 'string' ? [each.thread_id] : []))
}

async function asked<Answer>(url: string, init: RequestInit = {}): Promise<Answer | undefined> {
  try {
    const reply = await fetch(url, { ...init, signal: AbortSignal.timeout(ASK_MS) })
    return reply.ok ? ((await reply.json()) as Answer) : undefined
  } catch {
    return undefined
  }
}
