const live = Boolean(process.stdout.isTTY)

/** Runs one step of the start-up with a line that shows what is happening, then how long it took. */
export async function step<T>(name: string, detail: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now()
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`
  const line = (mark: string, text: string) => `  ${mark} ${name.padEnd(20)} ${text}`

  // A terminal gets a running clock; a log file gets a sign of life now and then.
  if (live) process.stdout.write(line('·', detail))
  const clock = live
    ? setInterval(() => process.stdout.write(`\r${line('·', detail)} ${seconds()}`), 100)
    : setInterval(() => console.log(line('·', `${detail} ${seconds()}`)), 5000)
  const clear = live ? '\r\x1b[K' : ''

  try {
    const result = await work()
    console.log(`${clear}${line('✓', `${detail.padEnd(48)} ${seconds()}`)}`)
    return result
  } catch (error) {
    console.log(`${clear}${line('✗', `${detail.padEnd(48)} ${seconds()}`)}`)
    throw error
  } finally {
    clearInterval(clock)
  }
}
