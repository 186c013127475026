import type { ThreadContext } from '../threads/context'
import { type AnswerChange, composed } from './answer-change'
import type { Call } from './call'
import type { BodyOperation, Endpoint } from './endpoints'
import { withoutForeignEvents } from './thread-headers'

/** A request that touches only what is its caller's, and what that takes in the answer. */
export interface Isolated {
  readonly call: Call
  readonly change?: AnswerChange | undefined
}

/**
 * Keeps a request to what is its caller's: it puts ids in place of the caller's, or finds out who
 * owns a thread.
 * @throws Refusal `thread-unknown`, for another caller's thread and for one that does not exist
 *   alike; `body-invalid` for an id that is none; `field-forbidden`; and what asking the agent
 *   throws
 */
export type Rule = (call: Call, context: ThreadContext) => Isolated | Promise<Isolated>

/**
 * The owner of things that no rule can separate: they are offered only where the route says
 * `threads: 'shared'`.
 */
export const EVERYBODY = 'everybody'

/** A rule for each `whose` that a row of the kind has. */
export type Rules<Whose extends string> = Readonly<Record<Exclude<Whose, typeof EVERYBODY>, Rule>>

/** How a kind of agent keeps the threads of its callers apart. */
export interface ThreadIsolation<Whose extends string = string> {
  readonly rules: Rules<Whose>
  /**
   * The rules say which ids of events pass. Absent: none does, since agents keep events of all
   * callers in one place.
   */
  readonly resumes?: true
}

/** For rows that touch nothing of anyone's. */
export const nobody: Rule = (call) => ({ call })

/** Undefined for an operation that no row lists. */
export type RequestedRow = Endpoint | BodyOperation | undefined

/**
 * Returns the rows that a request asks for: its endpoint's, or those of the operations that its
 * body names.
 */
export const rowsOf = (
  { endpoint, operations }: Pick<Call, 'endpoint' | 'operations'>,
  named: (operation: string) => BodyOperation | undefined,
): readonly RequestedRow[] => (endpoint.named ? operations.map(named) : [endpoint])

/** Applies the rule of each row, in the order of the rows and each once. */
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
    // Rows of everybody's are not offered where threads are owned.
    if (!rule) throw new Error(`no ownership rule for ${whose}`)
    const isolated = await rule(call, context)
    call = isolated.call
    changes.push(isolated.change)
  }
  return { call, change: composed(changes) }
}
