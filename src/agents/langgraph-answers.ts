import type { Json } from './adapter'

/** An answer as JSON; undefined for the plain words in which servers say no, such as that a thread is there already. */
export function answerIn(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
