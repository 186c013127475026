/**
 * Changes to an agent's answer before the caller receives it. Each member changes one part of the
 * answer. If a member is absent, that part stays as it is.
 */
export interface AnswerChange {
  /**
   * Changes the response headers, whose names are in lower case. The gateway calls this member
   * before the others.
   */
  headers?(headers: Record<string, string>): void | Promise<void>
  /** Changes the text of one or more whole events of a stream. */
  events?(text: string): string | Promise<string>
  /**
   * Changes the text of an answer that is not a stream.
   * @param status of the answer. A change needs it, because the body of an error may have another
   *   structure
   * @throws Refusal `thread-unknown` if the answer belongs to another caller. After any other
   *   error, the gateway refuses the answer
   */
  answer?(text: string, status: number): string | Promise<string>
}

type TextChange = (text: string, status: number) => string | Promise<string>

/**
 * Combines changes into one. Each change receives the result of the change before it. If the list
 * of changes is empty, the answer passes unread.
 */
export function composed(changes: readonly (AnswerChange | undefined)[]): AnswerChange {
  const given = changes.filter((change) => change !== undefined)
  const [first = {}, ...others] = given
  if (others.length === 0) return first
  const headers = given.filter((change) => change.headers)
  const events = chained(given.flatMap((change) => (change.events ? [change.events.bind(change)] : [])))
  const answer = chained(given.flatMap((change) => (change.answer ? [change.answer.bind(change)] : [])))
  return {
    ...(headers.length > 0 && {
      async headers(changed) {
        for (const change of headers) await change.headers?.(changed)
      },
    }),
    ...(events && { events: (text) => events(text, 200) }),
    ...(answer && { answer }),
  }
}

/**
 * Combines text changes into one. If all steps are synchronous, the combined change is too. This
 * saves time, because it runs for every event.
 */
function chained(steps: readonly TextChange[]): TextChange | undefined {
  const [first, ...others] = steps
  if (!first || others.length === 0) return first
  return (text, status) =>
    others.reduce<string | Promise<string>>(
      (changed, step) =>
        typeof changed === 'string' ? step(changed, status) : changed.then((each) => step(each, status)),
      first(text, status),
    )
}
