import type { Rule } from '../thread-isolation'
import { runOfInterrupt, withOwnInterrupts } from './interrupts'
import { input, rules } from './threads'

/** Takes the whole id as a run's if it does not have Mastra's usual form. */
const mastraInput: Rule = async (call, context) => {
  const derive = (run: string) => context.ids.derive('run', run)
  await withOwnInterrupts(call.body, derive, (interrupt) => runOfInterrupt(interrupt) ?? interrupt)
  return input(call, context)
}

export const mastraRules = { ...rules, input: mastraInput }
