import type { After } from './ports'

/**
 * Returns the result of `work`, or `undefined` after so many milliseconds. `work` is not cancelled.
 * The timer is not cancelled either: it ends with the request that it belongs to, and to cancel it
 * would cost more than to set it.
 */
export const answeredInTime = <T>(after: After, milliseconds: number, work: Promise<T>): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    after(milliseconds, () => resolve(undefined))
    work.then(resolve, reject)
  })
