import { Refusal } from '../../errors/refusal'
import { isObject, type Json, plainName, refuseOtherSpellings } from '../../json'

/**
 * Matches the run in Mastra's id of an interrupt (a point where a run waits for a person):
 * `<run>::<tool call>`. When the person answers, Mastra finds the run by this id alone. It ignores
 * the thread.
 */
const RUN_OF_INTERRUPT = /^(.+?)(?=::)/s
const INTERRUPT = new Set(['interruptid'])

/**
 * Replaces the run id inside the ids of the interrupts that the input answers. The new run id is
 * one that only requests of the same owner can produce. The function changes `input` itself.
 *
 * @param runOf returns the run id inside an interrupt's id; undefined if there is none
 * @throws Refusal `body-invalid` for an answer that is not an object, and for an id in two
 *   spellings
 */
export async function withOwnInterrupts(
  input: Json | undefined,
  derive: (run: string) => Promise<string>,
  runOf: (interrupt: string) => string | undefined,
): Promise<void> {
  for (const answer of isObject(input) && Array.isArray(input.resume) ? input.resume : []) {
    if (!isObject(answer)) throw new Refusal('body-invalid', 'resume')
    refuseOtherSpellings(answer, INTERRUPT)
    for (const key of Object.keys(answer)) {
      const id = answer[key]
      const run = INTERRUPT.has(plainName(key)) && typeof id === 'string' ? runOf(id) : undefined
      if (typeof id === 'string' && run !== undefined) answer[key] = (await derive(run)) + id.slice(run.length)
    }
  }
}

/** Returns the run id inside an interrupt's id, if the id has Mastra's form. */
export const runOfInterrupt = (interrupt: string): string | undefined => RUN_OF_INTERRUPT.exec(interrupt)?.[1]
