import { isObject, type Json, parseJson } from '../../json'
import type { Ids } from '../../threads/ids'
import type { AnswerChange } from '../answer-change'

/** Matches `/runs/{run}` and anything below it: the address of a run without a thread. */
const RUN = /^\/runs\/([^/]+)(?=\/|$)/

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/**
 * Seals the id of a run without a thread for its caller, wherever the answer contains it: in
 * addresses, in the stream, in the run itself. On JavaScript servers, the id alone is enough to
 * join such a run.
 *
 * @param isWait whether the answer is the run's result: it names no run, and may take long to come
 */
export function sealedRuns(ids: Ids, isWait: boolean): AnswerChange {
  /** Sealed ids, by the server's ids. */
  const sealed = new Map<string, string>()
  const seal = async (run: string): Promise<string> => {
    const known = sealed.get(run) ?? (await ids.seal('run', run))
    sealed.set(run, known)
    return known
  }
  // One pass over the text, however many ids there are.
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

/** Returns the ids of the runs in an answer, which is one run or a list of runs. */
const runsOf = (answer: Json | undefined): string[] =>
  (Array.isArray(answer) ? answer : [answer]).flatMap((run) =>
    isObject(run) && typeof run.run_id === 'string' ? [run.run_id] : [],
  )
