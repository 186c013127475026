import { Refusal } from '../../errors/refusal'
import { isObject, type Json, plainName, refuseOtherSpellings } from '../../json'

/**
 * Mastra names an interrupt `<run>::<tool call>`. It finds the run of an answer by this id alone,
 * and ignores the thread.
 */
const RUN_OF_INTERRUPT = /^(.+?)(?=::)/s
const INTERRUPT = new Set(['interruptid'])

/**
 * Puts the caller's own run into the ids of the interrupts that a run's input answers. It changes
 * the input that it is given.
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

/** Returns the run that an interrupt's id names, if the id has Mastra's form. */
export const runOfInterrupt = (interrupt: string): string | undefined => RUN_OF_INTERRUPT.exec(interrupt)?.[1]
