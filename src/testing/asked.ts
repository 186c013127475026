import { compileRoute } from '../config/compile-route'
import type { Policy, Route } from '../config/define'
import { asRefusal } from '../errors/refusal'
import type { Json } from '../json'
import { parseTarget } from '../request/target'

/** An HTTP request in an example of a policy. */
export type ExampleRequest = Exclude<Policy['examples'][number]['does'], string>

/**
 * The operations that a request needs on a route, or the code of a refusal that the gateway gives
 * before it evaluates policies.
 */
export type Asked =
  | {
      readonly operations: readonly string[]
      /** The code of a refusal that follows even if the policies allow the request. */
      readonly refusedThen?: string
    }
  | { readonly refused: string }

const HOST = 'gateway.invalid'
const nowhere = () => Promise.reject(new Error('An example is sent nowhere.'))

/**
 * Finds the operations that a request needs, with the same tables as the Worker. No policy is
 * evaluated, and nothing is sent.
 * @param request a request whose path is relative to the route
 */
export function askedOf(route: Route, { method, path, body }: ExampleRequest): Asked {
  const agent = { ...route.agent, origin: { url: 'https://agent.invalid' } } as Route['agent']
  const { trust: _, ...rest } = route
  const loaded = compileRoute({ ...rest, agent }, {}, { fetch: nowhere })
  try {
    const base = route.path === '/' ? '' : route.path
    const target = parseTarget(`https://${HOST}${base}${path === '/' ? '' : path}`, new Set([HOST]))
    const found = loaded.find(method.toUpperCase(), target.path.slice(base.length))
    if (!found) return { refused: 'operation-unknown' }
    if ('allow' in found) return { refused: 'method-not-allowed' }
    const { endpoint, params } = found
    const { query } = target
    const read = endpoint.body === 'json' ? (body as Json | undefined) : undefined
    const call = { endpoint, params, query, headers: new Headers(), body: read }
    const operations = loaded.adapter.operationsOf?.(call, loaded.threads) ?? [endpoint.operation]
    if (!operations.every(loaded.offers)) return { refused: 'operation-unknown' }
    const refusedThen = codeOf(() => {
      const identity = { channels: loaded.identity, principal: undefined }
      if (read !== undefined) loaded.adapter.rewrite(structuredClone(read), { ...call, operations }, identity)
    })
    return { operations, ...(refusedThen !== undefined && { refusedThen }) }
  } catch (thrown) {
    return { refused: asRefusal(thrown).code }
  }
}

/** Returns the code of the refusal that `work` throws; undefined if it throws none. */
function codeOf(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (thrown) {
    return asRefusal(thrown).code
  }
}
