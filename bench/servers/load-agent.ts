/**
 * The agent in the test under load. It sends the stream that a request asks for, and names the
 * caller that it saw. It records at once how each stream ended, so that the record survives a kill.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { openSync, writeSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { cutsOf, eventOf, heldBackOf, type Kind } from '../rig/story.ts'

const STREAM_HEAD = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
const ONE_BYTE_CHUNKS = 4096
const record = openSync(process.env.LOAD_RECORD ?? '/dev/null', 'a')
/** The people who wrote into a conversation, by the id that the agent has for the conversation. */
const writersOf = new Map<string, Set<string>>()

createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  answer(request, response).catch(() => response.destroy())
}).listen(Number(process.env.BENCH_PORT), '127.0.0.1', 4096)

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams: asked } = new URL(request.url ?? '', 'http://agent')
  const body = request.method === 'POST' ? await text(request) : ''
  const person = personOf(request)
  if (pathname.startsWith('/documents')) {
    json(response, { owner: request.headers['x-user-id'], text: `The orders of ${person}` })
    return
  }
  const thread = pathname === '/ag-ui' ? String(JSON.parse(body || '{}').threadId) : undefined
  if (asked.has('size')) {
    json(response, { bytes: Buffer.byteLength(body) })
    return
  }
  response.writeHead(200, STREAM_HEAD)
  if (asked.has('idle')) response.write(': open\n\n')
  else if (asked.has('chunks')) await tellInBytes(response, Number(asked.get('chunks')))
  else if (asked.has('writers')) tellWriters(response, thread ?? '', person)
  else await tell(response, asked, thread, person)
}

async function tell(response: ServerResponse, asked: URLSearchParams, thread: string | undefined, person: string) {
  const [stream, events, gapMs] = ['stream', 'events', 'gap'].map((name) => Number(asked.get(name))) as [
    number,
    number,
    number,
  ]
  const story = { kind: (thread === undefined ? 'mcp' : 'ag-ui') as Kind, stream, events }
  let isOver = false
  note(`opened ${stream}`)
  response.on('close', () => {
    if (!isOver) note(`closed ${stream}`)
  })
  // The gateway replaces the agent's thread id by the caller's, but not the digest of it.
  const ids = { person, ...(thread !== undefined && { threadId: thread, runId: 'run', threadDigest: digest(thread) }) }
  let held = Buffer.alloc(0)
  for (let index = 0; index < events; index++) {
    if (index > 0 && gapMs > 0) await sleep(gapMs)
    const isEdge = index === 0 || index === events - 1
    const own = Buffer.from(eventOf(story, index, isEdge ? ids : {}))
    const bytes = Buffer.concat([held, own])
    // The end of some events is sent in one chunk with the beginning of the next event.
    const end = bytes.length - (index < events - 1 ? heldBackOf(stream, index, own.length) : 0)
    let from = 0
    for (const to of [...cutsOf(stream, index, end), end]) {
      if (from > 0) await nextTurn()
      if (response.destroyed) return
      const isDrained = response.write(bytes.subarray(from, to))
      from = to
      if (!isDrained) await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
    held = bytes.subarray(end)
  }
  if (response.destroyed) return
  isOver = true
  note(`finished ${stream}`)
  response.end()
}

/** Sends one large event, each byte in an HTTP chunk of its own. */
async function tellInBytes(response: ServerResponse, count: number): Promise<void> {
  response.write('data: {"type":"RUN_STARTED","threadId":"t","runId":"r"}\n\ndata: {"type":"CUSTOM","value":"')
  const { socket } = response
  for (let left = count; left > 0 && socket && !socket.destroyed; left -= ONE_BYTE_CHUNKS) {
    const isDrained = socket.write('1\r\nx\r\n'.repeat(Math.min(left, ONE_BYTE_CHUNKS)))
    if (!isDrained) await once(socket, 'drain')
  }
  response.write('"}\n\n')
  response.end('data: {"type":"RUN_FINISHED","threadId":"t","runId":"r"}\n\n')
}

function tellWriters(response: ServerResponse, thread: string, person: string): void {
  const writers = writersOf.get(thread) ?? new Set()
  writersOf.set(thread, writers.add(person))
  const events = [
    { type: 'RUN_STARTED', threadId: thread, runId: 'run' },
    { type: 'CUSTOM', name: 'writers', value: [...writers] },
    { type: 'RUN_FINISHED', threadId: thread, runId: 'run' },
  ]
  response.end(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

/** Returns the subject of the gateway's assertion, without verifying its signature. */
function personOf({ headers }: IncomingMessage): string {
  const payload = String(headers['x-sallyport-assertion'] ?? '').split('.')[1] ?? ''
  return payload === '' ? '' : String(JSON.parse(Buffer.from(payload, 'base64url').toString()).sub)
}

function digest(value: string): string {
  return createHash('sha256').update(value).digest('hex')
}

function note(line: string): void {
  writeSync(record, `${line}\n`)
}
