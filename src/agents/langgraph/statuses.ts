import type { Question } from '../../errors/reasons'
import { Refusal } from '../../errors/refusal'

/** Servers, and their own authorisation, answer so for a thread that is not there for this caller. */
export const isNo = (status: number): boolean => status === 403 || status === 404 || status === 422

/**
 * An answer that cannot be read never makes a thread the caller's. A server that has no time now
 * says so, and so does the gate.
 */
export const unclear = (question: Question, status: number): Refusal =>
  new Refusal(status === 429 || status === 503 ? 'origin-busy' : 'origin-reply-refused', `${question}: ${status}`)
