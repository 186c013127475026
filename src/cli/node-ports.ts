import { livePorts } from '../live-ports'
import type { Ports } from '../ports'

/** Access to the network and the clock for commands. No audit lines are written. */
export const nodePorts: Ports = { ...livePorts, emit: () => undefined, log: () => undefined }
