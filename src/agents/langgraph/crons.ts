import { Refusal } from '../../errors/refusal'
import { type Endpoint, isObject, type Json, jsonIn } from '../adapter'
import type { Kept, Passing } from '../thread-isolation'
import { isNo, unclear } from './answers'
import { OWNER, type Ownership, stamped } from './ownership'

/** Crons: what they start is its maker's, and so are they. A search that heeds no filter is answered with what is the caller's. */
export async function cronsOf(passing: Passing, { operation, path }: Endpoint, ownership: Ownership): Promise<Kept> {
  const { keeper } = ownership
  const { thread, cron } = passing.params
  const body = isObject(passing.body) ? passing.body : {}
  if (cron !== undefined) {
    const { status, answer } = await keeper.ask('GET', `/runs/crons/${cron}`)
    if (status !== 200 && !isNo(status)) throw unclear('owner of a cron', status)
    if (status !== 200 || !isOwn(answer)) throw new Refusal('thread-unknown')
    const owned = body.metadata === undefined ? body : { ...body, metadata: stamped(body.metadata, keeper.owner) }
    return operation === 'crons.update' ? { ...passing, body: owned } : passing
  }
  if (thread !== undefined) await ownership.require(thread)
  const own = { ...body, metadata: stamped(body.metadata, keeper.owner) }
  if (path !== '/runs/crons/search') return { ...passing, body: own }
  const { select } = body
  const all = Array.isArray(select) ? { ...own, select: [...select, 'metadata'] } : own
  return { ...passing, body: all, restoration: { answer: (text) => onlyOwn(jsonIn(text), text) } }

  function isOwn(found: Json | undefined): boolean {
    return isObject(found) && isObject(found.metadata) && found.metadata[OWNER] === keeper.owner
  }
  function onlyOwn(answer: Json | undefined, text: string): string {
    return Array.isArray(answer) ? JSON.stringify(answer.filter(isOwn)) : text
  }
}
