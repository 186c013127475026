/**
 * Returns the result of `work`, or `undefined` after so many milliseconds. `work` is not cancelled. The timer is not cleared either:
 * it ends with the request that it belongs to, and to clear it would cost more than to set it.
 */
export const withTimeout = <T>(milliseconds: number, work: Promise<T>): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    setTimeout(resolve, milliseconds)
    work.then(resolve, reject)
  })
