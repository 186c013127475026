import type { ThreadContext } from '../threads/context'
import { type AnswerChange, composed } from './answer-change'
import type { Call } from './call'
import type { BodyOperation, Endpoint } from './endpoints'
import { withoutForeignEvents } from './thread-headers'

/** A request limited to the caller's own data, and the change that its answer needs. */
export interface Isolated {
  readonly call: Call
  readonly change?: AnswerChange | undefined
}

/**
 * Limits a request to the caller's own data: it replaces ids, or finds out who owns a thread.
 * @throws Refusal `thread-unknown`, for another caller's thread and for one that does not exist
 *   alike; `body-invalid` for a value that is no id; `field-forbidden`; and what `context.ask`
 *   throws
 */
export type Rule = (call: Call, context: ThreadContext) => Isolated | Promise<Isolated>

/**
 * The name of the owner for data that no rule can separate. Such rows are offered only where the
 * route says `threads: 'shared'`.
 */
export const EVERYBODY = 'everybody'

/** A rule for each `whose` in the rows of the kind. */
export type Rules<Whose extends string> = Readonly<Record<Exclude<Whose, typeof EVERYBODY>, Rule>>

/** How a kind of agent keeps the threads of its callers apart. */
export interface ThreadIsolation<Whose extends string = string> {
  readonly rules: Rules<Whose>
  /**
   * The rules decide which event ids pass. Absent: none passes, since agents keep events of all
   * callers in one place.
   */
  readonly resumes?: true
}

/** The rule for rows that touch no caller's data. */
export const nobody: Rule = (call) => ({ call })

/** Undefined for an operation that no row lists. */
export type RequestedRow = Endpoint | BodyOperation | undefined

/**
 * Returns the rows that a request asks for: its endpoint's row, or those of the operations that its
 * body names.
 */
export const rowsOf = (
  { endpoint, operations }: Pick<Call, 'endpoint' | 'operations'>,
  named: (operation: string) => BodyOperation | undefined,
): readonly RequestedRow[] => (endpoint.named ? operations.map(named) : [endpoint])

/** Applies the rules of the rows in order, each rule once. */
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
    // Rows with `everybody` have no rule, and are not offered where threads are owned.
    if (!rule) throw new Error(`no ownership rule for ${whose}`)
    const isolated = await rule(call, context)
    call = isolated.call
    changes.push(isolated.change)
  }
  return { call, change: composed(changes) }
}
