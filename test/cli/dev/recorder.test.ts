import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { EventsIn } from '../../../src/cli/dev/inspector/events-in'
import type { Observed } from '../../../src/cli/dev/inspector/received'
import { type Recorder, startRecorder } from '../../../src/cli/dev/inspector/recorder'
import { TARGET_HEADER } from '../../../src/cli/dev/local'

/* The recorder between a gateway and an agent that answers whatever it likes, byte for byte. */

let recorder: Recorder
let agent: Server
let target: string
let answer: (socket: Socket) => void
const asked: string[] = []
const observed: Observed[] = []

beforeAll(async () => {
  recorder = await startRecorder((each) => observed.push(each))
  agent = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (data) => {
      asked.push(data.toString('latin1'))
      answer(socket)
    })
  }).listen(0, '127.0.0.1')
  await once(agent, 'listening')
  target = `http://127.0.0.1:${(agent.address() as { port: number }).port}`
  recorder.allow([target])
})
beforeEach(() => {
  asked.length = 0
  observed.length = 0
})
afterAll(async () => {
  await recorder?.close()
  agent?.close()
})

const send = (init: RequestInit = {}, more: Record<string, string> = {}) =>
  fetch(`${recorder.url}/runs`, { ...init, headers: { [TARGET_HEADER]: target, ...more } })
const answers = (text: string) => {
  answer = (socket) => void socket.end(text)
}

describe('the recorder between gateway and agent', () => {
  it('the recorder forwards requests and answers, and removes the header that names the agent', async () => {
    answers('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-own: 1\r\ncontent-length: 8\r\n\r\n{"a": 1}')
    const reply = await send({ method: 'POST', body: 'hello' }, { 'x-user-id': 'alice' })
    expect([reply.status, reply.headers.get('x-own'), await reply.text()]).toEqual([200, '1', '{"a": 1}'])
    expect(asked[0]).toMatch(/^POST \/runs HTTP\/1\.1\r\n/)
    expect(asked[0]).toContain('x-user-id: alice')
    expect(asked[0]?.toLowerCase()).not.toContain(TARGET_HEADER)
    expect(asked[0]).toContain(`host: ${new URL(target).host}`)
    expect(observed.map(({ json }) => json)).toEqual([undefined, { a: 1 }])
  })

  it.each([
    'HTTP/1.1 000 X',
    'HTTP/1.1 099 X',
    'HTTP/1.1 200 O\u0001K',
    'HTTP/1.1 204 No\r\ncontent-length: 2',
    'nonsense',
  ])('the recorder still answers after an agent has answered %j', async (line) => {
    answers(`${line}\r\nx-own: 1\r\n\r\nhi`)
    await send().then(
      (reply) => reply.text().catch(() => ''),
      () => '',
    )
    answers('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi')
    expect(await (await send()).text()).toBe('hi')
  })

  it('the recorder forwards headers larger than the default limit of Node, in requests and answers', async () => {
    const long = 'x'.repeat(60_000)
    answers(`HTTP/1.1 200 OK\r\nx-long: ${long}\r\ncontent-length: 2\r\n\r\nhi`)
    const socket = await open({ 'x-much': long })
    expect(asked.join('')).toContain('x-much: xxxx')
    expect(socket).toContain(`x-long: ${long}`)
  })

  it('the recorder breaks its connection to the gateway if the agent breaks its connection to the recorder', async () => {
    answer = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf')
      setTimeout(() => socket.destroy(), 50)
    }
    await expect(send().then((reply) => reply.text())).rejects.toThrow()
    answer = (socket) => socket.destroy()
    await expect(send()).rejects.toThrow()
  })

  it('the recorder breaks its connection to the gateway if the agent answers 101 without an upgrade request', async () => {
    answers('HTTP/1.1 101 Switching Protocols\r\nupgrade: other\r\nconnection: upgrade\r\n\r\n')
    await expect(send()).rejects.toThrow()
  })

  it('the recorder forwards the refusal of a WebSocket with its body', async () => {
    answers('HTTP/1.1 403 Forbidden\r\ntransfer-encoding: chunked\r\nx-why: no\r\n\r\n4\r\nnope\r\n0\r\n\r\n')
    const text = await open({ upgrade: 'websocket', connection: 'Upgrade' })
    expect(text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*x-why: no[\s\S]*\r\n\r\nnope$/)
    expect(text.toLowerCase()).not.toContain('transfer-encoding')
  })

  it('the recorder answers 403 for an address outside the project and for a request from a web page', async () => {
    answers('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi')
    for (const more of [{ [TARGET_HEADER]: 'http://127.0.0.1:1' }, { origin: 'https://evil.test' }])
      expect((await send({}, more)).status).toBe(403)
    expect(asked).toEqual([])
  })
})

/** A request by hand, with all that is answered. */
async function open(headers: Record<string, string>): Promise<string> {
  const { connect } = await import('node:net')
  const { port, host } = new URL(recorder.url)
  const socket = connect(Number(port), '127.0.0.1')
  const lines = Object.entries({ host, [TARGET_HEADER]: target, ...headers }).map((pair) => pair.join(': '))
  socket.write(`GET /runs HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  let text = ''
  socket.on('data', (data) => {
    text += data.toString('latin1')
    if (text.includes('\r\n\r\nhi')) socket.end()
  })
  await once(socket, 'close')
  return text
}

describe('events in an answer', () => {
  const found = (type: string, chunks: readonly string[]) => {
    const all: unknown[] = []
    const events = new EventsIn(type, (json) => all.push(json))
    for (const chunk of chunks) events.write(Buffer.from(chunk))
    events.end()
    return all
  }

  it.each([
    ['one at a time', ['data: {"a":1}\n\n', 'data: {"a":2}\n\n']],
    ['cut anywhere', [...'event: x\r\ndata: {"a":1}\r\n\r\n: comment\n\ndata: {"a":2}\n\n']],
    ['in several lines', ['data: {\ndata: "a":1}\n\ndata: {"a":2}\n\n']],
  ])('the recorder finds the events of a stream that arrive %s', (_name, chunks) => {
    expect(found('text/event-stream', chunks)).toEqual([{ a: 1 }, { a: 2 }])
  })

  it('the recorder skips an event that is too long, and finds later events', () => {
    const long = `data: "${'x'.repeat(600_000)}"\n\n`
    expect(found('text/event-stream', [long.slice(0, 300_000), long.slice(300_000), 'data: 1\n\n'])).toEqual([1])
    expect(found('application/json', [`"${'x'.repeat(600_000)}"`])).toEqual([])
  })
})
