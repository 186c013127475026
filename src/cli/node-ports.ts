import type { Ports } from '../ports'

/** The ports of a command that may use the network. */
export const nodePorts: Ports = {
  fetch: (request, init) => fetch(request, init),
  now: () => Date.now(),
  after(milliseconds, work) {
    const timer = setTimeout(work, milliseconds)
    return () => clearTimeout(timer)
  },
  randomId: () => crypto.randomUUID(),
  emit: () => undefined,
  log: () => undefined,
}
