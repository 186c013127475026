import type { Ports } from '../ports'

/** Commands only read the configuration, and no request is handled. */
export const noNetwork: Pick<Ports, 'fetch'> = {
  fetch: () => Promise.reject(new Error('commands do not use the network')),
}
