import { isObject, type Json, parseJson } from '../../json'
import type { Ids } from '../../threads/ids'
import type { AnswerChange } from '../answer-change'

/** `/runs/{run}` and what may follow: a run that has no thread which its caller could name. */
const RUN = /^\/runs\/([^/]+)(?=\/|$)/

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/**
 * Marks the id of a run without a thread as its caller's, wherever it comes back: in the addresses
 * of the reply, in the stream, in the run itself. JavaScript servers let such a run be joined by
 * its id alone.
 *
 * @param isWait whether the answer is what the run made: it names no run, and may be long in coming
 */
export function sealedRuns(ids: Ids, isWait: boolean): AnswerChange {
  /** By the server's id. */
  const sealed = new Map<string, string>()
  const seal = async (run: string): Promise<string> => {
    const known = sealed.get(run) ?? (await ids.seal('run', run))
    sealed.set(run, known)
    return known
  }
  // One pass, however many there are.
  const restored = (text: string): string => text.replace(UUID, (id) => sealed.get(id) ?? id)

  return {
    async headers(headers) {
      for (const name of ['location', 'content-location']) {
        const value = headers[name]
        const run = value === undefined ? undefined : RUN.exec(value)?.[1]
        if (value !== undefined && run !== undefined) headers[name] = value.replace(run, await seal(run))
      }
    },
    ...(!isWait && {
      events: restored,
      async answer(text) {
        for (const run of runsOf(parseJson(text))) await seal(run)
        return restored(text)
      },
    }),
  }
}

/** One run, or a list of them. */
const runsOf = (answer: Json | undefined): string[] =>
  (Array.isArray(answer) ? answer : [answer]).flatMap((run) =>
    isObject(run) && typeof run.run_id === 'string' ? [run.run_id] : [],
  )
