import type { Probe } from './probe'

const ASK_MS = 2_000

/**
 * Notices a LangGraph server whose graphs do not get the `x-user-*` headers: a Python server copies none unless its langgraph.json says
 * so. The server tells what a run was configured with; it is asked about the first run of each route.
 */
export function langgraphProbe(): Probe {
  const asked = new Set<string>()
  return async ({ request, status, headers, json }, route) => {
    const run = /^\/threads\/[^/]+\/runs\/[^/]+$/.exec(headers['content-location'] ?? '')?.[0]
    const hasUser = request.headers.some(([name]) => name.toLowerCase() === 'x-user-id')
    const isNew = json === undefined && status < 300 && run !== undefined && !asked.has(route.id)
    if (route.adapter.kind !== 'langgraph' || !hasUser || !isNew) return undefined
    asked.add(route.id)
    const configurable = await configurableOf(route.origin.host + route.origin.prefix + run)
    // A login of its own, which verifies the assertion, fills the second.
    if (!configurable || 'x-user-id' in configurable || configurable.langgraph_auth_user) return undefined
    return `its graphs do not see who is asking. Put this into its langgraph.json, and start it again:
    "http": { "configurable_headers": { "includes": ["x-user-*"] } }`
  }
}

async function configurableOf(run: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const reply = await fetch(run, { signal: AbortSignal.timeout(ASK_MS) })
    const { kwargs } = (await reply.json()) as { kwargs?: { config?: { configurable?: Record<string, unknown> } } }
    return kwargs?.config?.configurable
  } catch {
    return undefined
  }
}
