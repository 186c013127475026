import type { Question } from '../../errors/reasons'
import { Refusal } from '../../errors/refusal'

/**
 * Servers answer so for a thread that is not there for this caller. 403 and 422 say that the
 * gateway's question was refused, by an authorisation that fails or a firewall on the way: the
 * owner of a thread may not hear that it is gone.
 */
export const isNo = (status: number): boolean => status === 404

/**
 * An answer that cannot be read never makes a thread the caller's. A server that has no time now
 * says so, and so does the gateway.
 */
export const unclear = (question: Question, status: number): Refusal =>
  new Refusal(status === 429 || status === 503 ? 'origin-busy' : 'origin-reply-refused', `${question}: ${status}`)
