import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHttp, routeOf } from '../support/fixtures'
import { agUiRun, type Gear, gears, runBody, saysBroken } from '../support/streams'
import { call, chunk, head, startWireOrigin, type WireOrigin, type WireRequest } from '../support/wire'
import { openWorld, type World } from '../support/world'

let world: World
let origin: WireOrigin
/** The origin's next bytes: a part of a body, before the connection ends. */
let sends: (request: WireRequest) => { head: string; parts: readonly Buffer[]; how: string }
const agent = new Agent({ keepAlive: true, maxSockets: 48 })
const sse = { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }

function answer(socket: Socket, request: WireRequest): void {
  const { head, parts, how } = sends(request)
  socket.write(head)
  for (const part of parts) socket.write(part)
  // A reset throws away what the other side has not read yet, so it is given the time to read.
  if (how === 'rst') setTimeout(() => socket.resetAndDestroy(), 2)
  else socket.end()
}

beforeAll(async () => {
  origin = await startWireOrigin(answer)
  world = await openWorld(({ trust }) => [
    ...gears.map((gear) => gear.route(origin.url, trust)),
    routeOf(openHttp(origin.url), trust),
  ])
})
afterAll(async () => {
  agent.destroy()
  await world?.close()
  await origin?.close()
})

/** Twenty events each, as short as they can be, because every byte of them is a run. */
const steps = Array.from({ length: 16 }, (_, step) => step)
const runs = {
  'ag-ui': [
    'data: {"type":"RUN_STARTED"}\n\n',
    ': ü\n\n',
    ...steps.map((step) => `data: {"type":"${step}世"}\n\n`),
    'data: {"type":"STEP_FINISHED"}\n\n',
    'data: {"type":"RUN_FINISHED"}\n\n',
  ],
  langgraph: [
    'event: metadata\r\ndata: {}\r\n\r\n',
    ': heartbeat\r\n\r\n',
    ...steps.map((step) => `event: v\r\ndata: {"ü":1}\r\nid: ${step}\r\n\r\n`),
    'event: values\ndata: {"a":\ndata: 1}\n\n',
    'event: end\r\ndata: null\r\n\r\n',
  ],
}

const start = ({ path, protocol }: Gear, query = '') =>
  call(`${world.gateway.url}${path}${query}`, { body: runBody[protocol], headers: world.alice, agent })

/** Every cut point from nothing to everything, many at once. */
async function atEveryByte(size: number, check: (cut: number) => Promise<void>): Promise<void> {
  const cuts = Array.from({ length: size + 1 }, (_, cut) => cut)
  const work = async () => {
    for (let cut = cuts.pop(); cut !== undefined; cut = cuts.pop()) await check(cut)
  }
  await Promise.all(Array.from({ length: 48 }, work))
}

/**
 * The first bytes of a stream, an HTTP chunk for each event. An odd cut is inside a chunk, an even
 * one between two.
 */
function* firstBytes(events: readonly string[], cut: number): Generator<Buffer> {
  let left = cut
  for (const event of events.map((each) => Buffer.from(each))) {
    if (left >= event.byteLength) yield chunk(event)
    else if (left % 2 === 1) yield chunk(event).subarray(0, left - event.byteLength - 2)
    else if (left > 0) yield chunk(event.subarray(0, left))
    left -= event.byteLength
    if (left <= 0) return
  }
}

describe.each(gears)('streams cut at any byte, on route $name (F8, invariant 8)', (gear) => {
  const events = runs[gear.protocol]
  const size = Buffer.byteLength(events.join(''))

  it.each(['fin', 'rst'])(
    'a cut stream ends with an error event if the gateway reads it; otherwise the connection breaks (%s)',
    async (how) => {
      sends = ({ url }) => {
        const cut = Number(url.searchParams.get('cut'))
        return { head: head('200 OK', sse), parts: [...firstBytes(events, cut)], how }
      }
      const faults: string[] = []
      await atEveryByte(size, async (cut) => {
        const reply = await start(gear, `?cut=${cut}`)
        const fault = faultOf(gear, how, cut, await reply.end, reply.bytes())
        if (fault) faults.push(`byte ${cut}: ${fault}: ${reply.text()}`)
      })
      expect(faults.slice(0, 3)).toEqual([])
    },
  )
})

/** The fault in a reply to a run that was cut; undefined where there is none. */
function faultOf(gear: Gear, how: string, cut: number, end: 'whole' | 'broken', bytes: Buffer): string | undefined {
  const events = runs[gear.protocol]
  const whole = Buffer.from(events.join(''))
  const isSent = (passed: Buffer, due: number) =>
    // Bytes that a reset overtook are lost.
    (how === 'rst' ? passed.byteLength <= due : passed.byteLength === due) &&
    passed.equals(whole.subarray(0, passed.byteLength))
  if (!gear.isReading) {
    if (end === 'whole') return 'looks whole'
    return isSent(bytes, cut) ? undefined : 'is not what the origin sent'
  }
  if (end === 'broken') return 'broke off'
  const isOver = gear.protocol === 'ag-ui' && cut === whole.byteLength
  if (isOver && bytes.equals(whole)) return undefined
  // As latin-1, because a cut may go through a character.
  const words = saysBroken[gear.protocol].exec(bytes.toString('latin1'))
  if (!words) return 'does not say that it broke'
  return isSent(bytes.subarray(0, words.index), wholeEvents(events, cut)) ? undefined : 'is not what the origin sent'
}

function wholeEvents(events: readonly string[], cut: number): number {
  let size = 0
  for (const event of events) {
    if (size + Buffer.byteLength(event) > cut) return size
    size += Buffer.byteLength(event)
  }
  return size
}

describe('cuts after the end of a run (F8)', () => {
  const [reading] = gears.filter(({ name }) => name === 'ag-ui-reading')
  const cutAfter = async (...events: string[]) => {
    sends = () => ({ head: head('200 OK', sse), parts: events.map(chunk), how: 'fin' })
    const reply = await start(reading!)
    await reply.end
    return reply.text().slice(events.join('').length)
  }

  it('a stream that is cut after RUN_FINISHED, RUN_ERROR or later comments gets no error event', async () => {
    expect(await cutAfter(...agUiRun)).toBe('')
    expect(await cutAfter('data: {"type":"RUN_ERROR","message":"no"}\n\n')).toBe('')
    expect(await cutAfter(...agUiRun, ': keep-alive\n\n')).toBe('')
    expect(await cutAfter(`${agUiRun.at(-1)}: keep-alive\n\n`)).toBe('')
  })

  it.each([
    { type: 'RAW', event: { type: 'RUN_FINISHED' } },
    { type: 'CUSTOM', name: 'x', value: '"type":"RUN_FINISHED"' },
    { type: 'SUBAGENT_FINISHED', rawEvent: { type: 'RUN_ERROR' } },
  ])('a cut stream is reported if the last event only contains a final event as data: $type', async (event) => {
    expect(await cutAfter(`data: ${JSON.stringify(event)}\n\n`)).toMatch(saysBroken['ag-ui'])
  })
})

describe('broken replies that name an address where the client can resume (F8, F25)', () => {
  it.each(gears.filter(({ protocol }) => protocol === 'langgraph'))(
    'if a LangGraph stream with a Location header is cut, the gateway breaks the connection, so that clients resume ($name)',
    async (gear) => {
      const events = runs.langgraph.slice(0, 5)
      const location = '/threads/t1/runs/r1/stream'
      sends = () => ({ head: head('200 OK', { ...sse, location }), parts: events.map(chunk), how: 'fin' })
      const reply = await start(gear)
      expect(await reply.end).toBe('broken')
      expect(reply.headers.location).toBe(location)
      expect(reply.text()).toBe(events.join(''))
      expect(await world.gateway.auditOf(auditKey(reply))).toMatchObject({ outcome: 'forwarded', stream: 'cut' })
    },
  )
})

const auditKey = (reply: { headers: NodeJS.Dict<string | string[]> }) =>
  new Response(null, { headers: { 'x-request-id': String(reply.headers['x-request-id']) } })

describe('JSON replies that are cut (F8)', () => {
  const json = Buffer.from(JSON.stringify({ messages: [{ content: 'one' }, { content: 'two' }] }))
  const lengths = { 'content-type': 'application/json', 'content-length': `${json.byteLength}` }
  const chunks = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }
  const framings = [
    { framing: 'content-length', headers: lengths, part: (cut: number) => json.subarray(0, cut) },
    { framing: 'chunked', headers: chunks, part: (cut: number) => (cut ? chunk(json.subarray(0, cut)) : Buffer.of()) },
  ]
  const cases = framings.flatMap((each) => ['fin', 'rst'].map((how) => ({ ...each, how })))

  it.each(cases)(
    'a cut JSON reply never looks complete if the gateway passes it unread ($framing, $how)',
    async ({ headers, part, how }) => {
      sends = ({ url }) => ({ head: head('200 OK', headers), parts: [part(Number(url.searchParams.get('cut')))], how })
      const whole: number[] = []
      // With everything that `content-length` promised, a reply is whole.
      await atEveryByte(json.byteLength - 1, async (cut) => {
        const reply = await call(`${world.gateway.url}/agents/http/x?cut=${cut}`, { headers: world.alice, agent })
        if ((await reply.end) === 'whole' && reply.status === 200) whole.push(cut)
      })
      expect(whole).toEqual([])
    },
  )

  it.each(cases)(
    'a cut JSON reply becomes 502 origin-unreachable if the gateway reads it ($framing, $how)',
    async ({ headers, part, how }) => {
      sends = () => ({ head: head('200 OK', headers), parts: [part(20)], how })
      const reply = await call(`${world.gateway.url}/agents/langgraph-reading/threads/t1`, { headers: world.alice })
      await reply.end
      expect([reply.status, JSON.parse(reply.text()).code]).toEqual([502, 'origin-unreachable'])
    },
  )

  it.each(['fin', 'rst'])(
    'a cut JSON reply becomes a 502 if it is small enough to be read completely first (%s)',
    async (how) => {
      sends = () => ({ head: head('200 OK', lengths), parts: [json.subarray(0, 20)], how })
      const reply = await call(`${world.gateway.url}/agents/http/x`, { headers: world.alice })
      await reply.end
      expect([reply.status, JSON.parse(reply.text()).code]).toEqual([502, 'origin-unreachable'])
    },
  )

  it('an HTTP/1.0 client gets a cut JSON reply with a body shorter than Content-Length', async () => {
    // Too large to be taken whole.
    const length = 100_000
    const large = { ...lengths, 'content-length': `${length}` }
    sends = () => ({ head: head('200 OK', large), parts: [json.subarray(0, 20)], how: 'fin' })
    const { hostname, port } = new URL(world.gateway.url)
    const socket = connect(Number(port), hostname)
    const { authorization } = world.alice
    socket.write(
      ['GET /agents/http/x HTTP/1.0', `Host: ${hostname}:${port}`, `Authorization: ${authorization}`, '', ''].join(
        '\r\n',
      ),
    )
    const [headers, body] = (await text(socket)).split('\r\n\r\n')
    expect(headers).toMatch(new RegExp(`^content-length: ${length}$`, 'im'))
    expect(body?.length).toBeLessThan(length)
  })

  it('a complete JSON reply reaches the caller with its Content-Length', async () => {
    sends = () => ({ head: head('200 OK', lengths), parts: [json], how: 'fin' })
    const reply = await call(`${world.gateway.url}/agents/http/x`, { headers: world.alice })
    expect([await reply.end, reply.headers['content-length']]).toEqual(['whole', `${json.byteLength}`])
    expect(reply.bytes()).toEqual(json)
  })

  it('the connection breaks if the gzip data of a JSON reply ends too early, even if the HTTP message is complete', async () => {
    const zipped = gzipSync(json).subarray(0, -12)
    const headers = { ...lengths, 'content-encoding': 'gzip', 'content-length': `${zipped.byteLength}` }
    sends = () => ({ head: head('200 OK', headers), parts: [zipped], how: 'fin' })
    const reply = await call(`${world.gateway.url}/agents/http/x`, { headers: world.alice })
    expect(await reply.end).toBe('broken')
  })
})

describe.each(gears.filter(({ isReading }) => isReading))(
  'streams without Content-Length or chunks, on route $name (F8)',
  (gear) => {
    const events = runs[gear.protocol]
    const close = { 'content-type': 'text/event-stream', connection: 'close' }

    it('a stream cut inside an event ends with an error event, without part of the cut event', async () => {
      const half = Buffer.from(events[17]?.trimEnd().slice(0, -2) ?? '')
      sends = () => ({ head: head('200 OK', close), parts: [Buffer.from(events[0] ?? ''), half], how: 'fin' })
      const reply = await start(gear)
      await reply.end
      expect(reply.text()).toMatch(saysBroken[gear.protocol])
      expect(reply.text()).not.toContain(half.toString())
    })

    it('a stream is complete if only the blank line after its last event is missing', async () => {
      sends = () => ({ head: head('200 OK', close), parts: [Buffer.from(events.join('').trimEnd())], how: 'fin' })
      const reply = await start(gear)
      expect(await reply.end).toBe('whole')
      expect(reply.text()).toBe(events.join('').trimEnd())
    })
  },
)
