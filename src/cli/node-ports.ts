import { livePorts } from '../live-ports'
import type { Ports } from '../ports'

/** The ports of a command that may use the network. It writes no audit lines. */
export const nodePorts: Ports = { ...livePorts, emit: () => undefined, log: () => undefined }
