import type { Call } from './agents/call'
import { type Isolated, isolate, type RequestedRow } from './agents/thread-isolation'
import type { Principal } from './authentication/principal'
import type { LoadedRoute } from './config/loaded-route'
import { askThrough } from './origin/ask'
import { originUri } from './origin/forward'
import type { Permission } from './policy/permission'
import type { Ports } from './ports'
import type { Send } from './send'
import { createThreadContexts } from './threads/context'
import { IDEMPOTENCY_KEY, withOwnIdempotencyKey } from './threads/idempotency-key'

/**
 * The caller of a request, with the data that the gateway needs to separate this caller's ids and
 * threads from those of other callers.
 */
interface Caller {
  readonly route: LoadedRoute
  /** Absent on public routes. */
  readonly principal: Principal | undefined
  readonly permission: Permission
  /**
   * The entries in the adapter's tables for the endpoint or the operations that the request asks
   * for.
   */
  readonly rows: readonly RequestedRow[]
  readonly send: Send
}

/**
 * Creates the function that limits requests to their caller's own idempotency keys and threads.
 * Idempotency keys are separated on every route that knows its caller. Threads are separated only
 * on routes where threads have owners. To find out who owns a thread, the function asks the agent
 * through `send`, with the caller's identity.
 *
 * @param secret THREAD_SECRET, the secret from which derived and sealed ids are made
 */
export function createIsolation(secret: string | undefined, ports: Ports) {
  const threadContextOf = createThreadContexts(secret, ports)

  return async (given: Call, { route, principal, permission, rows, send }: Caller): Promise<Isolated> => {
    if (!principal) return { call: given }
    const hasKey = given.headers.has(IDEMPOTENCY_KEY)
    const call = hasKey ? { ...given, headers: await withOwnIdempotencyKey(given.headers, route.id, principal) } : given
    const { threads } = route.adapter
    if (!threads || route.threads === 'shared') return { call }
    const ask = askThrough(
      async ({ path, ...question }, stop) => {
        const { response } = await send({
          ...question,
          uri: originUri(route.origin, path, ''),
          id: ports.randomId(),
          from: new Headers(),
          firstByteSeconds: route.limits.firstByteSeconds,
          stop,
        })
        return response
      },
      route.limits,
      ports.after,
    )
    const context = await threadContextOf(principal, route, { permits: permission.has, ask })
    return isolate(call, rows, threads, context)
  }
}
