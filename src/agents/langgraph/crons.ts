import { Refusal } from '../../errors/refusal'
import { isObject, type Json, parseJson } from '../../json'
import type { Rule } from '../thread-isolation'
import { stampedBody, withOwner } from './bodies'
import { isThreadId, OWNER, Ownership } from './ownership'
import { isNo, unclear } from './statuses'

/** A cron (a schedule that starts runs) and its runs belong to the caller who created it. */

const isOwn = (cron: Json | undefined, owner: string): boolean =>
  isObject(cron) && isObject(cron.metadata) && cron.metadata[OWNER] === owner

/**
 * Requires that a cron (a schedule that starts runs) belongs to the caller.
 * @throws Refusal `thread-unknown` if it does not
 */
export const ownCron: Rule = async (call, { ask, owner }) => {
  // If the id is not a UUID, the server's answer says nothing about the owner.
  if (!isThreadId(call.params.cron)) throw new Refusal('thread-unknown')
  const { status, answer } = await ask('GET', `/runs/crons/${call.params.cron}`)
  if (status !== 200 && !isNo(status)) throw unclear('owner of a cron', status)
  if (status !== 200 || !isOwn(answer, owner)) throw new Refusal('thread-unknown')
  return { call }
}

/**
 * Requires that a cron to be changed belongs to the caller. The new metadata must still name the
 * owner.
 */
export const changedCron: Rule = async (call, context) => {
  await ownCron(call, context)
  const body = call.body ?? {}
  const keepsMetadata = isObject(body) && body.metadata === undefined
  return { call: keepsMetadata ? { ...call, body } : withOwner(call, context.owner) }
}

/**
 * Creates a cron (a schedule that starts runs), in one of the caller's threads or without a thread.
 */
export const newCron: Rule = async (call, context) => {
  const { thread } = call.params
  if (thread !== undefined) await new Ownership(context).require(thread)
  return { call: withOwner(call, context.owner) }
}

/**
 * Searches the caller's own crons. Some servers ignore the filter, so the gateway filters the
 * answer too.
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
