import { isObject, type Json, parseJson } from '../../json'
import type { Ids } from '../../threads/ids'
import type { AnswerChange } from '../answer-change'

/**
 * Matches the path of a run that was started without a thread id: `/runs/{run}` and anything below.
 */
const RUN = /^\/runs\/([^/]+)(?=\/|$)/

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/**
 * Seals the id of a run that was started without a thread id: it adds a signature (an HMAC) that
 * the run is the caller's. It does so in addresses, in the stream and in the run itself. On
 * JavaScript servers, anyone who knows the id could join such a run.
 *
 * @param isWait whether the answer is the result of the run. Such an answer names no run, and may
 *   take long
 */
export function sealedRuns(ids: Ids, isWait: boolean): AnswerChange {
  /** The sealed ids that the caller receives, by the server's ids. */
  const sealed = new Map<string, string>()
  const seal = async (run: string): Promise<string> => {
    const known = sealed.get(run) ?? (await ids.seal('run', run))
    sealed.set(run, known)
    return known
  }
  // All ids are replaced in one pass over the text.
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
