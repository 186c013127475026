import type { Ports } from '../ports'

/** Commands look at the configuration; nothing of the pipeline runs. */
export const noNetwork: Pick<Ports, 'fetch'> = {
  fetch: () => Promise.reject(new Error('commands do not use the network')),
}
