import { Refusal } from '../../errors/refusal'
import { isObject, plainName, refuseOtherSpellings } from '../../json'
import type { Rule } from '../thread-isolation'
import { input, rules } from './threads'

/** What stands before this in the id of an interrupt is a run's id, to Mastra. */
const RUN_OF_INTERRUPT = /^(.+?)(?=::)/s
const INTERRUPT = new Set(['interruptid'])

/** Mastra finds the run that an answer is for by the id of the interrupt, whatever the thread. */
const mastraInput: Rule = async (call, context) => {
  const { body } = call
  for (const answer of isObject(body) && Array.isArray(body.resume) ? body.resume : []) {
    if (!isObject(answer)) throw new Refusal('body-invalid', 'resume')
    refuseOtherSpellings(answer, INTERRUPT)
    for (const key of Object.keys(answer)) {
      const id = answer[key]
      if (!INTERRUPT.has(plainName(key)) || typeof id !== 'string') continue
      const run = RUN_OF_INTERRUPT.exec(id)?.[1] ?? id
      answer[key] = (await context.ids.derive('run', run)) + id.slice(run.length)
    }
  }
  return input(call, context)
}

export const mastraRules = { ...rules, input: mastraInput }
