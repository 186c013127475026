import { Refusal } from '../../errors/refusal'
import { isObject, type Json, plainName, refuseOtherSpellings } from '../../json'

/**
 * Mastra calls an interrupt `<run>::<tool call>`, and finds the run that an answer is for by that,
 * whatever the thread.
 */
const RUN_OF_INTERRUPT = /^(.+?)(?=::)/s
const INTERRUPT = new Set(['interruptid'])

/**
 * Puts the caller's own run into the ids of interrupts that a run's input answers. It changes what
 * it is given.
 *
 * @param runOf returns the run that an interrupt's id names; undefined where it names none
 * @throws Refusal `body-invalid` for an answer that is no object, and for an id in two spellings
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

/** The run of an interrupt's id that has the form of Mastra's. */
export const runOfInterrupt = (interrupt: string): string | undefined => RUN_OF_INTERRUPT.exec(interrupt)?.[1]
