import type { Ports } from './ports'

/**
 * The cache that all Workers at one Cloudflare location share. It is undefined in Node, where the
 * `sallyport` commands run.
 */
const shared = (globalThis as { readonly caches?: { readonly default?: Cache } }).caches?.default

/**
 * The ports of a running Worker: its functions for network, clock and log. `worker.ts` passes them
 * to all other code. Only this file uses the network, the clock and the log directly.
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
