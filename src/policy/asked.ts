import { compileRoute } from '../config/compile-route'
import type { Policy, Route } from '../config/define'
import { asRefusal } from '../errors/refusal'
import type { Json } from '../json'

/** A request that an example of a policy names. */
export type ExampleRequest = Exclude<Policy['examples'][number]['does'], string>

/**
 * The operations that a request asks a route for; or the code of the refusal, where it is refused
 * before any policy is asked.
 */
export type Asked = { readonly operations: readonly string[] } | { readonly refused: string }

const nowhere = () => Promise.reject(new Error('An example is sent nowhere.'))

/**
 * Finds what a request asks for, by the tables that the Worker uses. Policies are not asked, and
 * nothing is sent.
 * @param request its path is below the route
 */
export function askedOf(route: Route, { method, path, body }: ExampleRequest): Asked {
  const agent = { ...route.agent, origin: { url: 'https://agent.invalid' } } as Route['agent']
  const { trust: _, ...rest } = route
  const loaded = compileRoute({ ...rest, agent }, {}, { fetch: nowhere })
  const [below = '', query = ''] = path.split(/(?=\?)/)
  const found = loaded.find(method.toUpperCase(), below.replace(/^\/$/, ''))
  if (!found) return { refused: 'operation-unknown' }
  if ('allow' in found) return { refused: 'method-not-allowed' }
  const { endpoint, params } = found
  try {
    const call = { endpoint, params, query, headers: new Headers(), body: body as Json | undefined }
    const operations = loaded.adapter.operationsOf?.(call, loaded.threads) ?? [endpoint.operation]
    return operations.every(loaded.offers) ? { operations } : { refused: 'operation-unknown' }
  } catch (thrown) {
    return { refused: asRefusal(thrown).code }
  }
}
