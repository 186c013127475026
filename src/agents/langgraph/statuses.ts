import type { Question } from '../../errors/reasons'
import { Refusal } from '../../errors/refusal'

/** What servers, and their own authorisation, say of what is not there for this caller. */
export const isNo = (status: number): boolean => status === 403 || status === 404 || status === 422

/** What cannot be read is never taken for the caller's. A server that has no time now says so, and so does the gate. */
export const unclear = (question: Question, status: number): Refusal =>
  new Refusal(status === 429 || status === 503 ? 'origin-busy' : 'origin-reply-refused', `${question}: ${status}`)
