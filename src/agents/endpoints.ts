import type { DecidingMember } from './members'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** The part of a row that describes the operation, whether the path or the body names it. */
interface Row {
  readonly operation: string
  /** Known, but open only on routes whose `agent.operations` names it. */
  readonly closed?: true
  /**
   * Closed on routes with `threads: 'shared'` unless named, because only owned threads are
   * separated.
   */
  readonly closedIfShared?: true
  /** It starts a run, so the identity of the run is sent with it. */
  readonly startsRun?: true
  /** Members of its query and body that can ask for more operations than its own. */
  readonly members?: readonly DecidingMember[]
  /** Its answer is the stream of a run, even if the server names no content type (AG2 0.x). */
  readonly streams?: true
  /** It only listens and does no work, so its answer ends with the caller's token. */
  readonly listens?: true
}

interface Address {
  readonly method: Method
  /**
   * Below the route: `/threads/:thread/runs`. `:name` is one segment; a last `*` is everything
   * below.
   */
  readonly path: string
  /**
   * `json`: read, cleared of forged identity and written anew. `stream`: passed on unread. Absent:
   * no body is sent.
   */
  readonly body?: 'json' | 'stream'
  /** A form may be sent instead of JSON. It passes unread. */
  readonly form?: true
  readonly websocket?: true
}

/**
 * An operation, and the name of the rule that keeps its callers apart. A kind with threads has a
 * rule of that name (`thread-isolation.ts`). `everybody` is offered only where threads are shared.
 */
export interface BodyOperation<Whose extends string = string> extends Row {
  readonly whose: Whose
}

/**
 * One method and path of an agent, with the operation name that policies use. A request that
 * matches no row is refused with 404.
 */
export interface PathEndpoint<Whose extends string = string> extends BodyOperation<Whose>, Address {
  readonly named?: never
}

/**
 * An address that takes many operations: its body names one of the kind's `bodyOperations`. It is
 * always open.
 */
export interface EnvelopeEndpoint extends Row, Address {
  readonly named: 'in-body'
  readonly whose?: never
}

export type Endpoint<Whose extends string = string> = PathEndpoint<Whose> | EnvelopeEndpoint

/** The names of the rules that some rows ask for. */
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

/** Rows as tables write them: the operation, the path, and the rule. */
export const read = row('GET')
export const post = row('POST', 'json')
export const put = row('PUT', 'json')
export const patch = row('PATCH', 'json')
export const remove = row('DELETE')

/** Makes the endpoint that takes every operation which its body names. */
export const envelope = (operation: string): EnvelopeEndpoint => ({
  operation,
  method: 'POST',
  path: '/',
  body: 'json',
  named: 'in-body',
})

/** Makes the rows of operations that bodies name, from a table by operation. */
export const bodyRows = <const Whose extends string>(
  table: Readonly<Record<string, Omit<BodyOperation<Whose>, 'operation'>>>,
): readonly BodyOperation<Whose>[] => Object.entries(table).map(([operation, row]) => ({ operation, ...row }))
