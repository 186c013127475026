import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually'
import { openHttp, routeOf } from '../support/fixtures'
import { openRaw } from '../support/raw'
import { openWorld, type World } from '../support/world'

let world: World
/** One upload, as the agent saw it. */
interface Upload {
  bytes: number
  end?: 'whole' | 'cut'
}
const uploads: Upload[] = []
let answerEarly: ((response: ServerResponse) => void) | undefined

function take(request: IncomingMessage, response: ServerResponse): void {
  const upload: Upload = { bytes: 0 }
  uploads.push(upload)
  if (answerEarly) {
    answerEarly(response)
    return
  }
  request.on('data', (part: Buffer) => {
    upload.bytes += part.byteLength
  })
  request.on('end', () => {
    upload.end = 'whole'
    response.end('{"stored":true}')
  })
  request.on('close', () => {
    upload.end ??= 'cut'
  })
  request.on('error', () => undefined)
}
const agent = createServer(take)
const maxBytes = 1000

beforeAll(async () => {
  agent.listen(0, '127.0.0.1')
  await once(agent, 'listening')
  const url = `http://127.0.0.1:${(agent.address() as AddressInfo).port}`
  world = await openWorld(({ trust }) => [
    routeOf(openHttp(url), trust, { limits: { bodyBytes: maxBytes } }),
    routeOf({ kind: 'ag-ui', origin: { url } }, trust),
  ])
})
afterAll(async () => {
  await world?.close()
  agent.closeAllConnections()
  agent.close()
})
beforeEach(() => {
  uploads.length = 0
  answerEarly = undefined
})

/**
 * Sends the head of an upload and a part of its body, and ends the connection or leaves it open.
 */
async function send(framing: string, part: string, end: 'fin' | 'rst' | 'open'): Promise<{ answer(): string }> {
  const { host } = new URL(world.gateway.url)
  const { socket, answer } = await openRaw(world.gateway.url)
  const lines = ['POST /agents/http/files HTTP/1.1', `Host: ${host}`, `Authorization: ${world.alice.authorization}`]
  socket.write([...lines, framing, '', part].join('\r\n'))
  if (end === 'open') return { answer }
  await eventually('the agent has the beginning', () => uploads.some(({ bytes }) => bytes > 0))
  if (end === 'rst') socket.resetAndDestroy()
  else socket.end()
  return { answer }
}
const CHUNKED = 'Transfer-Encoding: chunked'
const begun = { [CHUNKED]: '1e\r\n'.concat('x'.repeat(30), '\r\n'), 'Content-Length: 500': 'x'.repeat(30) }

describe('uploads cut off by the caller (F14)', () => {
  const cases = Object.entries(begun).flatMap(([framing, part]) =>
    (['fin', 'rst'] as const).map((end) => ({ framing, part, end })),
  )

  it.each(cases)(
    'an upload cut off by the caller reaches the agent as incomplete ($framing, $end)',
    async ({ framing, part, end }) => {
      const lines = world.gateway.audit.length
      await send(framing, part, end)
      await eventually('the agent sees the end', () => uploads[0]?.end !== undefined)
      expect(uploads).toEqual([{ bytes: 30, end: 'cut' }])
      await eventually('the audit line', () => world.gateway.audit.length > lines)
      expect(world.gateway.audit.at(-1)).toMatchObject({ outcome: 'refused', status: 499, code: 'client-gone' })
    },
  )

  it.each(Object.entries(begun))(
    'an upload cut off by the caller while the gateway reads the body is audited as client-gone (%s)',
    async (framing, part) => {
      const { host } = new URL(world.gateway.url)
      const { socket } = await openRaw(world.gateway.url)
      const lines = ['POST /agents/ag-ui HTTP/1.1', `Host: ${host}`, 'Content-Type: application/json', framing]
      const before = world.gateway.audit.length
      socket.end([...lines, `Authorization: ${world.alice.authorization}`, '', part].join('\r\n'))
      await eventually('the audit line', () => world.gateway.audit.length > before)
      expect(world.gateway.audit.at(-1)).toMatchObject({ status: 499, code: 'client-gone', reason: 'upload cut' })
      expect(uploads).toEqual([])
    },
  )

  it('a complete upload reaches the agent as complete', async () => {
    const { answer } = await send(CHUNKED, `${begun[CHUNKED]}0\r\n\r\n`, 'open')
    await eventually('the answer', () => answer().includes('"stored":true'))
    expect(uploads).toEqual([{ bytes: 30, end: 'whole' }])
  })
})

describe('answers during an upload', () => {
  it.each(Object.entries(begun))(
    'the answer of an agent reaches the caller even if it starts before the upload ends (%s)',
    async (framing, part) => {
      answerEarly = (response) => {
        response.writeHead(200, { 'content-type': 'text/plain' })
        response.write('early, ')
        setTimeout(() => response.end('and late'), 200)
      }
      const { answer } = await send(framing, part, 'open')
      await eventually('all of the answer', () => answer().includes('and late'))
      expect(answer()).toMatch(/^HTTP\/1\.1 200 /)
    },
  )
})
