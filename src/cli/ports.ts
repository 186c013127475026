import type { Ports } from '../ports'

/** Commands look at the configuration; nothing of the pipeline runs. */
export const ports: Ports = {
  fetch: () => Promise.reject(new Error('commands do not use the network')),
  now: () => Date.now(),
  randomId: () => crypto.randomUUID(),
  emit: () => undefined,
}
