import type { After } from './ports'

/**
 * Returns the result of `work`, or `undefined` if it takes longer than `milliseconds`. `work` is
 * not cancelled. The timer is not cancelled either, because to cancel a timer costs more than to
 * set it. The timer ends with the request in which it was set.
 */
export const answeredInTime = <T>(after: After, milliseconds: number, work: Promise<T>): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    after(milliseconds, () => resolve(undefined))
    work.then(resolve, reject)
  })
