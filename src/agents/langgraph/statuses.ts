import type { Question } from '../../errors/reasons'
import { Refusal } from '../../errors/refusal'

/**
 * Tells whether the server says that a thread does not exist for this caller. 403 and 422 do not
 * say that: a failing authorisation or a firewall refused the gateway's own request. Then the
 * gateway must not tell the owner of a thread that the thread is gone.
 */
export const isNo = (status: number): boolean => status === 404

/**
 * Returns the Refusal for an unclear answer of the server. With an unclear answer, a thread never
 * counts as the caller's. If the server says that it is busy, the Refusal says so too.
 */
export const unclear = (question: Question, status: number): Refusal =>
  new Refusal(status === 429 || status === 503 ? 'origin-busy' : 'origin-reply-refused', `${question}: ${status}`)
