import { Refusal } from '../../errors/refusal'
import { isObject, parseJson } from '../../json'
import type { Rule } from '../thread-isolation'
import { stampedBody } from './bodies'
import { isThreadId, OWNER, Ownership } from './ownership'

/**
 * Creates a thread. If the caller chose the id, the thread may already exist and belong to another
 * caller.
 */
export const newThread: Rule = async (call, context) => {
  const { owner, cache } = context
  const ownership = new Ownership(context)
  const body = stampedBody(call.body ?? {}, owner)
  const { thread_id: thread, supersteps, ...rest } = body
  if (thread !== undefined && thread !== null) {
    if (!isThreadId(thread)) throw new Refusal('body-invalid', 'thread_id')
    // With `supersteps` (the first steps of a thread, on a Python server) or with `do_nothing`, a
    // request can reach a thread that already exists.
    if (supersteps !== undefined || body.if_exists === 'do_nothing') {
      const found = await ownership.find(thread)
      if (found === 'own' && body.if_exists !== 'do_nothing') delete body.supersteps
      else {
        await ownership.claim(thread, rest)
        body.if_exists = 'do_nothing'
      }
    } else if (cache.isReserved(thread)) throw new Refusal('thread-unknown')
  }
  const note = cache.beforeAsking()
  return { call: { ...call, body }, change: { answer: checked } }

  /**
   * Checks the thread that the server returns. If the thread is not the caller's, the gateway
   * refuses the answer.
   */
  function checked(text: string): string {
    const answer = parseJson(text)
    if (!isObject(answer) || answer.thread_id === undefined) return text
    if (!isObject(answer.metadata) || answer.metadata[OWNER] !== owner) throw new Refusal('thread-unknown')
    note(String(answer.thread_id))
    return text
  }
}
