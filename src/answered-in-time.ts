import type { After } from './ports'

/**
 * Returns the result of `work`, or `undefined` if it takes longer than `milliseconds`. `work` is
 * not cancelled. The timer is not cancelled either, because that would cost more than setting it.
 * It ends with the request that it belongs to.
 */
export const answeredInTime = <T>(after: After, milliseconds: number, work: Promise<T>): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    after(milliseconds, () => resolve(undefined))
    work.then(resolve, reject)
  })
