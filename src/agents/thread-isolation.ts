import type { ThreadContext } from '../threads/context'
import { type AnswerChange, composed } from './answer-change'
import type { Call } from './call'
import type { BodyOperation, Endpoint } from './endpoints'
import { withoutForeignEvents } from './thread-headers'

/**
 * A request that was limited to the caller's own data, and the change that the answer to this
 * request needs.
 */
export interface Isolated {
  readonly call: Call
  readonly change?: AnswerChange | undefined
}

/**
 * A function that limits a request to the caller's own data. It replaces ids in the request, or
 * finds out who owns the thread.
 * @throws Refusal `thread-unknown` if the thread belongs to another caller, and also if it does not
 *   exist; `body-invalid` for a value that is not an id; `field-forbidden`; and the errors of
 *   `context.ask`
 */
export type Rule = (call: Call, context: ThreadContext) => Isolated | Promise<Isolated>

/**
 * The `whose` of an operation on data that no rule can separate by owner. The gateway offers such
 * operations only on routes with `threads: 'shared'`.
 */
export const EVERYBODY = 'everybody'

/** The ownership rules for a kind of agent, by the names in `whose` of its endpoints. */
export type Rules<Whose extends string> = Readonly<Record<Exclude<Whose, typeof EVERYBODY>, Rule>>

/** The rules with which the gateway separates the threads of one kind of agent by owner. */
export interface ThreadIsolation<Whose extends string = string> {
  readonly rules: Rules<Whose>
  /**
   * If set, the header `last-event-id`, which resumes a stream, may pass, because the rules check
   * it. Absent: the header never passes, because agents store the events of all callers together.
   */
  readonly resumes?: true
}

/** The rule for operations that do not use the data of any caller. It changes nothing. */
export const nobody: Rule = (call) => ({ call })

/**
 * The entry for a requested operation in the adapter's tables; undefined if the tables have no such
 * entry.
 */
export type RequestedRow = Endpoint | BodyOperation | undefined

/**
 * Returns the entries (rows) in the adapter's tables for a request: the row of its endpoint, or the
 * rows of the operations that its body names.
 */
export const rowsOf = (
  { endpoint, operations }: Pick<Call, 'endpoint' | 'operations'>,
  named: (operation: string) => BodyOperation | undefined,
): readonly RequestedRow[] => (endpoint.named ? operations.map(named) : [endpoint])

/** Applies the ownership rules of a request's operations in order, each rule once. */
export async function isolate(
  given: Call,
  rows: readonly RequestedRow[],
  { rules, resumes }: ThreadIsolation,
  context: ThreadContext,
): Promise<Isolated> {
  let call = withoutForeignEvents(given, resumes === true)
  const changes: (AnswerChange | undefined)[] = []
  for (const whose of new Set(rows.map((row) => row?.whose))) {
    const rule = whose === undefined ? undefined : (rules as Rules<string>)[whose]
    // Operations with `whose: 'everybody'` have no rule, and routes whose threads have owners do
    // not offer them.
    if (!rule) throw new Error(`no ownership rule for ${whose}`)
    const isolated = await rule(call, context)
    call = isolated.call
    changes.push(isolated.change)
  }
  return { call, change: composed(changes) }
}
