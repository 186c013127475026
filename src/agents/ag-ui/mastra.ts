import type { Rule } from '../thread-isolation'
import { runOfInterrupt, withOwnInterrupts } from './interrupts'
import { input, rules } from './threads'

/**
 * Replaces the run ids inside the ids of interrupts, and then the other ids of a run's input. If an
 * interrupt's id does not have Mastra's usual form, the whole id counts as a run id.
 */
const mastraInput: Rule = async (call, context) => {
  const derive = (run: string) => context.ids.derive('run', run)
  await withOwnInterrupts(call.body, derive, (interrupt) => runOfInterrupt(interrupt) ?? interrupt)
  return input(call, context)
}

export const mastraRules = { ...rules, input: mastraInput }
