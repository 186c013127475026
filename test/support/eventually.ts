/** Waits for something to become true, and says what it was when it does not. */
export async function eventually(what: string, isTrue: () => boolean, seconds = 10): Promise<number> {
  const began = performance.now()
  while (!isTrue()) {
    if (performance.now() - began > seconds * 1000) throw new Error(`not after ${seconds} seconds: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return performance.now() - began
}
