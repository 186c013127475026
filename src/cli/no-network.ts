import type { Ports } from '../ports'

/** A `fetch` that always fails, for commands that only read the configuration. */
export const noNetwork: Pick<Ports, 'fetch'> = {
  fetch: () => Promise.reject(new Error('commands do not use the network')),
}
