/**
 * The changes that an agent's answer needs before the caller may have it. Absent members leave
 * their part as it is.
 */
export interface AnswerChange {
  /** Changes the reply's headers, whose names are in lower case. It is called before the others. */
  headers?(headers: Record<string, string>): void | Promise<void>
  /** Changes whole events of a stream, as text. */
  events?(text: string): string | Promise<string>
  /**
   * Changes an answer that is no stream, as text.
   * @param status of the answer: an error may have another shape
   * @throws Refusal `thread-unknown` where the answer turns out to be another caller's; any other
   *   error refuses the answer
   */
  answer?(text: string, status: number): string | Promise<string>
}

type TextChange = (text: string, status: number) => string | Promise<string>

/**
 * Combines changes: each one is applied to the result of the one before. If there are none, bytes
 * pass unread.
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

/** Stays synchronous where its steps do, because it runs for every event. */
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
