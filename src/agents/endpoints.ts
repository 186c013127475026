import type { DecidingMember } from './members'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One operation in an adapter's table of endpoints. The path or the body of a request names it. */
interface Row {
  readonly operation: string
  /** The operation is refused unless the route's `agent.operations` names it. */
  readonly closed?: true
  /**
   * On routes with `threads: 'shared'`, the operation is refused unless the route's
   * `agent.operations` names it, because the gateway separates data by owner only if threads have
   * owners.
   */
  readonly closedIfShared?: true
  /** The operation starts a run, so the gateway puts the identity for the run into the request. */
  readonly startsRun?: true
  /** Members of the query or the body that can ask for further operations. */
  readonly members?: readonly DecidingMember[]
  /** The answer is the stream of a run, even if the server sends no content type (AG2 0.x). */
  readonly streams?: true
  /**
   * The operation only listens to a stream and starts no work. So the gateway ends the answer
   * shortly after the caller's token expires.
   */
  readonly listens?: true
}

interface Address {
  readonly method: Method
  /**
   * The path below the route, such as `/threads/:thread/runs`. `:name` matches one segment; `*` at
   * the end matches every path below.
   */
  readonly path: string
  /**
   * How the gateway handles the request body. `json`: it reads the body, removes forged identity
   * and writes it again. `stream`: it forwards the body unread. Absent: it sends no body.
   */
  readonly body?: 'json' | 'stream'
  /** The caller may send a form instead of JSON. The gateway forwards the form unread. */
  readonly form?: true
  readonly websocket?: true
}

/**
 * An operation. Its `whose` names the ownership rule that separates the data of its callers. A kind
 * of agent with threads has a rule of that name (`thread-isolation.ts`). Operations with `whose:
 * 'everybody'` are offered only if threads are shared.
 */
export interface BodyOperation<Whose extends string = string> extends Row {
  readonly whose: Whose
}

/**
 * One method and path of an agent, with the operation name that policies use. A request that
 * matches no endpoint is refused with 404.
 */
export interface PathEndpoint<Whose extends string = string> extends BodyOperation<Whose>, Address {
  readonly named?: never
}

/**
 * An endpoint for many operations: the body of a request names one of the kind's `bodyOperations`.
 * The endpoint itself is always open.
 */
export interface EnvelopeEndpoint extends Row, Address {
  readonly named: 'in-body'
  readonly whose?: never
}

export type Endpoint<Whose extends string = string> = PathEndpoint<Whose> | EnvelopeEndpoint

/** The names of the ownership rules that some endpoints or operations use, from their `whose`. */
export type WhoseOf<Rows extends readonly { readonly whose?: string }[]> = NonNullable<Rows[number]['whose']>

type Flags = Omit<Row, 'operation'> & Pick<Address, 'body' | 'form'>

const row =
  (method: Method, body?: 'json') =>
  <const Whose extends string>(
    operation: string,
    path: string,
    whose: Whose,
    flags: Flags = {},
  ): PathEndpoint<Whose> => ({ operation, method, path, whose, ...(body && { body }), ...flags })

/** Functions that make an endpoint from an operation, a path and the name of an ownership rule. */
export const read = row('GET')
export const post = row('POST', 'json')
export const put = row('PUT', 'json')
export const patch = row('PATCH', 'json')
export const remove = row('DELETE')

/** Makes the endpoint for all operations that the body of a request names. */
export const envelope = (operation: string): EnvelopeEndpoint => ({
  operation,
  method: 'POST',
  path: '/',
  body: 'json',
  named: 'in-body',
})

/**
 * Makes a list of operations from a table. These are operations that the body of a request names.
 */
export const bodyRows = <const Whose extends string>(
  table: Readonly<Record<string, Omit<BodyOperation<Whose>, 'operation'>>>,
): readonly BodyOperation<Whose>[] => Object.entries(table).map(([operation, row]) => ({ operation, ...row }))
