/**
 * What a work comes to, or undefined once the time is up. The work itself goes on. So does the timer when it does not: it ends
 * with the request that it belongs to, and to clear it would cost more than to set it.
 */
export const within = <T>(milliseconds: number, work: Promise<T>): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    setTimeout(resolve, milliseconds)
    work.then(resolve, reject)
  })
