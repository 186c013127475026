import type { Ports } from './ports'

/** Undefined in Node, where commands run. */
const shared = (globalThis as { readonly caches?: { readonly default?: Cache } }).caches?.default

/**
 * The ports of a running Worker, as `worker.ts` hands them out. Only this file uses the network,
 * the clock and the log directly.
 */
export const livePorts: Ports = {
  fetch: (request, init) => fetch(request, init),
  now: () => Date.now(),
  after(milliseconds, work) {
    const timer = setTimeout(work, milliseconds)
    return () => clearTimeout(timer)
  },
  randomId: () => crypto.randomUUID(),
  emit: (line) => console.log(line),
  log: (line) => console.log(line),
  ...(shared && { sharedCache: shared }),
}
