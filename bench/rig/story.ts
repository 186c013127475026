import { Random } from './random.ts'

/**
 * The kind of agent that sends a stream. The gateway reads the events of `ag-ui`, and passes `mcp`
 * on unread.
 */
export type Kind = 'ag-ui' | 'mcp'

/** The content of a stream. Both agent and caller can compute it, so every byte can be checked. */
export interface Story {
  readonly kind: Kind
  readonly stream: number
  /** The number of events, including the first and the last one. */
  readonly events: number
}

/** The members that every event has. */
export interface Numbered {
  readonly stream: number
  readonly index: number
  readonly text: string
}

const MATERIAL = 'Where is my parcel? "Delivery" 12\\34 \n 世界 é – '.repeat(1200)
/**
 * The sizes of texts in events. Most events are small. The largest span several chunks of every
 * buffer on the way.
 */
const SIZES = [
  { share: 0.7, least: 0, most: 12 },
  { share: 0.95, least: 60, most: 400 },
  { share: 0.99, least: 1_500, most: 5_000 },
  { share: 1, least: 20_000, most: 45_000 },
] as const

const randomOf = (stream: number, index: number) => new Random(Math.imul(stream, 7919) + index)

export function textOf(stream: number, index: number): string {
  const random = randomOf(stream, index)
  const share = random.next()
  const { least, most } = SIZES.find((size) => share < size.share) ?? SIZES[0]
  const from = random.between(0, 5_000)
  return MATERIAL.slice(from, from + random.between(least, most))
}

/** Returns the positions at which an event is cut into separate writes; none for most events. */
export function cutsOf(stream: number, index: number, bytes: number): number[] {
  const random = randomOf(index, stream)
  if (bytes < 2 || !random.chance(0.2)) return []
  const cuts = Array.from({ length: random.between(1, 3) }, () => random.between(1, bytes - 1))
  return [...new Set(cuts)].sort((a, b) => a - b)
}

/**
 * Returns how many bytes at the end of an event are written with the next event; 0 for most events.
 */
export function heldBackOf(stream: number, index: number, bytes: number): number {
  const random = randomOf(index + 1, stream)
  return random.chance(0.15) ? random.between(1, bytes - 1) : 0
}

/**
 * Returns one event as its protocol writes it.
 * @param more members of the first and the last event
 */
export function eventOf({ kind, stream, events }: Story, index: number, more: object): string {
  const numbered: Numbered = { stream, index, text: textOf(stream, index) }
  const isLast = index === events - 1
  if (kind === 'mcp') {
    const inner = { ...numbered, ...more }
    const message = isLast
      ? { jsonrpc: '2.0', id: 1, result: inner }
      : { jsonrpc: '2.0', method: 'notifications/progress', params: inner }
    return `event: message\ndata: ${JSON.stringify(message)}\n\n`
  }
  const type = index === 0 ? 'RUN_STARTED' : isLast ? 'RUN_FINISHED' : 'CUSTOM'
  return `data: ${JSON.stringify({ type, ...numbered, ...more })}\n\n`
}
