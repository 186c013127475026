import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '../connection.ts'
import { requestBytes, runInput, toolCall } from '../exchange.ts'
import type { Running } from '../process.ts'
import { forgetPeak, peakBytes, rssBytes } from '../usage.ts'
import type { Stage } from './stage.ts'

export interface MemorySeen {
  readonly beforeMiB: number
  readonly openMiB: number
  readonly afterMiB: number
  readonly streams: number
  readonly chunks: number
  /**
   * Growth of peak memory for each byte of a request body, and of an event. Both are sent in chunks
   * of one byte.
   */
  readonly bodyBytesPerByte: number
  readonly eventBytesPerByte: number
  readonly faults: readonly string[]
}

const AT_ONCE = 25
const SETTLE_MS = 2_000

/** Measures the memory of a separate gateway, so that the figures contain nothing else. */
export async function measureRigMemory(stage: Stage, streams: number, chunks: number): Promise<MemorySeen> {
  const gateway = await stage.startAnother('Sallyport, memory')
  const token = (await stage.generations[0]?.sign()) ?? ''
  const faults: string[] = []
  await hold(gateway, token, AT_ONCE, async () => undefined)
  await sleep(SETTLE_MS)

  const before = rssBytes(gateway.pid)
  const open = await hold(gateway, token, streams, async () => {
    await sleep(SETTLE_MS)
    return rssBytes(gateway.pid)
  })
  await sleep(SETTLE_MS)
  const after = rssBytes(gateway.pid)

  const growth = async (what: string, ask: () => Promise<string | undefined>): Promise<number> => {
    await sleep(SETTLE_MS)
    forgetPeak(gateway.pid)
    const least = rssBytes(gateway.pid)
    const fault = await ask()
    if (fault !== undefined) faults.push(`${what}: ${fault}`)
    return Math.max(0, peakBytes(gateway.pid) - least) / chunks
  }
  const body = await growth('a body of one-byte chunks', () => sendInBytes(gateway, token, chunks))
  const event = await growth('an event of one-byte chunks', () => receiveInBytes(gateway, token, chunks))
  await gateway.stop()
  return {
    beforeMiB: before / 2 ** 20,
    openMiB: open / 2 ** 20,
    afterMiB: after / 2 ** 20,
    streams,
    chunks,
    bodyBytesPerByte: body,
    eventBytesPerByte: event,
    faults,
  }
}

/**
 * Opens silent streams and closes them when `work` is done. The gateway reads the events of one
 * half, and passes the other half on unread.
 */
async function hold<T>(gateway: Running, token: string, count: number, work: () => Promise<T>): Promise<T> {
  const requests = [
    requestBytes(gateway.port, { method: 'POST', path: '/agents/ag-ui?idle', body: runInput(300) }, token),
    requestBytes(gateway.port, { method: 'POST', path: '/agents/mcp?idle', body: toolCall }, token),
  ]
  const connections = Array.from({ length: count }, () => new Connection(gateway.port))
  try {
    for (let from = 0; from < count; from += AT_ONCE) {
      const some = connections.slice(from, from + AT_ONCE)
      await Promise.all(some.map((connection, at) => connection.open(requests[at % 2] ?? Buffer.alloc(0))))
    }
    return await work()
  } finally {
    for (const connection of connections) connection.reset()
  }
}

/**
 * Sends a body in chunks of one byte.
 * @returns a fault, if the agent has not received the whole body
 */
async function sendInBytes(gateway: Running, token: string, chunks: number): Promise<string | undefined> {
  const input = runInput(300)
  const body = input.replace('"state":{', `"state":{"filler":"${'x'.repeat(chunks)}",`)
  const head = requestBytes(gateway.port, { method: 'POST', path: '/agents/ag-ui?size' }, token, 0, [
    'content-type: application/json',
    'transfer-encoding: chunked',
    'connection: close',
  ])
  const socket = connect({ port: gateway.port, host: '127.0.0.1' })
  const answer = text(socket)
  socket.write(head)
  socket.write(Array.from(body, (character) => `1\r\n${character}\r\n`).join(''))
  socket.write('0\r\n\r\n')
  const answered = await answer
  const bytes = Number(/\{"bytes":(\d+)\}/.exec(answered)?.[1] ?? 0)
  return bytes >= body.length ? undefined : `found ${bytes} bytes at the agent, expected at least ${body.length}`
}

/**
 * Receives an event in chunks of one byte.
 * @returns a fault, if the event has not arrived whole
 */
async function receiveInBytes(gateway: Running, token: string, chunks: number): Promise<string | undefined> {
  const reply = await fetch(`http://127.0.0.1:${gateway.port}/agents/ag-ui?chunks=${chunks}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: runInput(300),
  })
  const found = (await reply.text()).match(/x{1000,}/)?.[0].length ?? 0
  return found === chunks ? undefined : `found ${found} bytes of the event, expected ${chunks}`
}
