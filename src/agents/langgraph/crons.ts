import { Refusal } from '../../errors/refusal'
import { isObject, type Json, parseJson } from '../../json'
import type { Rule } from '../thread-isolation'
import { stampedBody, withOwner } from './bodies'
import { isThreadId, OWNER, Ownership } from './ownership'
import { isNo, unclear } from './statuses'

/** A cron and its runs belong to the caller who created it. */

const isOwn = (cron: Json | undefined, owner: string): boolean =>
  isObject(cron) && isObject(cron.metadata) && cron.metadata[OWNER] === owner

/** A cron that is there. @throws Refusal `thread-unknown` where it is not the caller's */
export const ownCron: Rule = async (call, { ask, owner }) => {
  // A server refuses what is no UUID in a way that says nothing of who owns it.
  if (!isThreadId(call.params.cron)) throw new Refusal('thread-unknown')
  const { status, answer } = await ask('GET', `/runs/crons/${call.params.cron}`)
  if (status !== 200 && !isNo(status)) throw unclear('owner of a cron', status)
  if (status !== 200 || !isOwn(answer, owner)) throw new Refusal('thread-unknown')
  return { call }
}

/** The same with a body, which may not take the owner away. */
export const changedCron: Rule = async (call, context) => {
  await ownCron(call, context)
  const body = call.body ?? {}
  const keepsMetadata = isObject(body) && body.metadata === undefined
  return { call: keepsMetadata ? { ...call, body } : withOwner(call, context.owner) }
}

/** A cron that is made, under a thread of the caller's or under none. */
export const newCron: Rule = async (call, context) => {
  const { thread } = call.params
  if (thread !== undefined) await new Ownership(context).require(thread)
  return { call: withOwner(call, context.owner) }
}

/**
 * A search among the caller's own crons. Answers of servers that ignore the filter are filtered
 * here.
 */
export const listedCrons: Rule = (call, { owner }) => {
  const body = stampedBody(call.body ?? {}, owner)
  const { select } = body
  return {
    call: { ...call, body: Array.isArray(select) ? { ...body, select: [...select, 'metadata'] } : body },
    change: {
      answer(text) {
        const crons = parseJson(text)
        return Array.isArray(crons) ? JSON.stringify(crons.filter((cron) => isOwn(cron, owner))) : text
      },
    },
  }
}
