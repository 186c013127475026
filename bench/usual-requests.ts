import type { Case } from './cases.ts'
import type { Binding, exchanges } from './sallyport.ts'
import type { World } from './world.ts'

export type Shape = keyof typeof exchanges

/** A request with which Sallyport is measured. */
export interface UsualRequest extends Pick<Case, 'title' | 'tokens' | 'share'> {
  readonly shape: Shape
  readonly bind: Binding
}

/** Returns the part of the usual number of requests that is sent in this shape. */
export const shareOf = (shape: Shape) => (shape === 'ag-ui 1 MB' ? { share: 0.04 } : {})

const kinds = [
  'langgraph',
  'langgraph thread',
  'langgraph new thread',
  'mcp',
  'ag-ui 2 KB',
  'ag-ui 20 KB',
  'ag-ui 1 MB',
  'copilotkit',
] as const

/**
 * Returns the requests that are measured: by kind of agent, by token, and by whether assertions are
 * bound to requests.
 */
export async function usualRequests(world: World): Promise<UsualRequest[]> {
  const token = await world.tokens.sign()
  const known = (shape: Shape, bind: Binding): UsualRequest => ({
    shape,
    bind,
    title: `${shape}, known token, bind: ${bind}`,
    tokens: { use: 'known', token },
    ...shareOf(shape),
  })
  const fresh = (algorithm: 'RS256' | 'ES256' | 'EdDSA', bind: Binding): UsualRequest => ({
    shape: 'http',
    bind,
    title: `http, new ${algorithm} token, bind: ${bind}`,
    tokens: { use: 'new', algorithm },
  })
  return [
    known('http', 'none'),
    known('http', 'request'),
    fresh('RS256', 'none'),
    fresh('RS256', 'request'),
    fresh('ES256', 'request'),
    fresh('EdDSA', 'request'),
    ...kinds.map((kind) => known(kind, 'request')),
    known('ag-ui 2 KB', 'none'),
  ]
}
