import { once } from 'node:events'
import { type ClientRequest, createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually'
import { openHttp, routeOf } from '../support/fixtures'
import { beginEvents, type Handler, type RecordingOrigin, startOrigin } from '../support/origin'
import { type Gear, gears, runBody, runs } from '../support/streams'
import { call } from '../support/wire'
import { openWorld, type World } from '../support/world'

let world: World
let origin: RecordingOrigin
/** Sees an upload while it lasts. */
let uploads: Server
let abortedBefore = 0
/** So long that only a clock that is moved reaches it. */
const heartbeatSeconds = 20

beforeAll(async () => {
  origin = await startOrigin()
  uploads = createServer().listen(0, '127.0.0.1')
  await once(uploads, 'listening')
  const uploadUrl = `http://127.0.0.1:${(uploads.address() as AddressInfo).port}`
  world = await openWorld(({ trust }) => [
    ...gears.map((gear) => gear.route(origin.url, trust, gear.isReading ? { heartbeatSeconds } : {})),
    routeOf(openHttp(origin.url), trust),
    routeOf(openHttp(uploadUrl), trust, { id: 'upload', path: '/agents/upload' }),
  ])
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
  uploads?.closeAllConnections()
  uploads?.close()
})
beforeEach(() => {
  abortedBefore = origin.aborted()
})

/** How long it took the origin to see that it was stopped, in milliseconds. */
const stopped = () => eventually('the origin is stopped', () => origin.aborted() > abortedBefore)

const start = (gear: Gear) =>
  call(world.gateway.url + gear.path, { body: runBody[gear.protocol], headers: world.alice })

const silent: Handler = (_request, response) => {
  beginEvents(response)
  response.write(': begun\n\n')
}

const busy = (run: readonly string[]): Handler => {
  return async (_request, response) => {
    beginEvents(response)
    for (let index = 0; !response.destroyed; index = (index + 1) % (run.length - 1)) {
      response.write(run[index])
      await sleep(20)
    }
  }
}

describe.each(gears)('callers who leave, on route $name (F10)', (gear) => {
  it('the origin request is aborted within a second if the caller leaves before an answer', async () => {
    origin.handle(() => undefined)
    const before = origin.received.length
    let request: ClientRequest | undefined
    const onRequest = (its: ClientRequest) => {
      request = its.on('error', () => undefined)
    }
    call(world.gateway.url + gear.path, { body: runBody[gear.protocol], headers: world.alice, onRequest }).catch(
      () => {},
    )
    await eventually('the request is at the origin', () => origin.received.length > before)
    const lines = world.gateway.audit.length
    request?.socket?.resetAndDestroy()
    expect(await stopped()).toBeLessThan(1000)
    await eventually('the audit line', () => world.gateway.audit.length > lines)
    expect(world.gateway.audit.at(-1)).toMatchObject({ outcome: 'refused', status: 499, code: 'client-gone' })
  })

  it('the origin request is aborted within a second if the caller resets an active stream', async () => {
    origin.handle(busy(runs[gear.protocol]))
    const reply = await start(gear)
    await reply.has('世')
    reply.reset()
    expect(await stopped()).toBeLessThan(1000)
  })

  it('the origin request is aborted within a second if the caller resets a silent stream', async () => {
    origin.handle(silent)
    const reply = await start(gear)
    await reply.has('begun')
    const lines = world.gateway.audit.length
    reply.reset()
    expect(await stopped()).toBeLessThan(1000)
    await eventually('the audit line', () => world.gateway.audit.length > lines)
    expect(world.gateway.audit.at(-1)).toMatchObject({ outcome: 'forwarded', stream: 'client-left' })
  })

  it('the origin request is aborted within a second if the caller closes an active stream', async () => {
    origin.handle(busy(runs[gear.protocol]))
    const reply = await start(gear)
    await reply.has('世')
    reply.leave()
    expect(await stopped()).toBeLessThan(1000)
  })
})

describe.each(gears.filter(({ isReading }) => isReading))(
  'callers who leave a silent stream, on route $name (F10)',
  (gear) => {
    it('the origin request is aborted by the next heartbeats if the caller closed a silent stream', async () => {
      origin.handle(silent)
      const reply = await start(gear)
      await reply.has('begun')
      reply.leave()
      await world.gateway.advance(0.9 * heartbeatSeconds)
      await sleep(50)
      expect(origin.aborted()).toBe(abortedBefore)
      // One finds the connection closed, at most two more are told so.
      for (let sent = 0; sent < 3 && origin.aborted() === abortedBefore; sent++) {
        await world.gateway.advance(heartbeatSeconds)
        await sleep(50)
      }
      expect(await stopped()).toBeLessThan(1000)
    })
  },
)

describe('callers who leave in the middle of a JSON reply (F10)', () => {
  it('a caller who leaves in the middle of a JSON reply is audited as client-left', async () => {
    origin.handle((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100000' }).write('{"a":')
    })
    const reply = await call(`${world.gateway.url}/agents/http/x`, { headers: world.alice })
    await reply.has('{"a":')
    const lines = world.gateway.audit.length
    reply.reset()
    expect(await stopped()).toBeLessThan(1000)
    await eventually('the audit line', () => world.gateway.audit.length > lines)
    expect(world.gateway.audit.at(-1)).toMatchObject({ outcome: 'forwarded', stream: 'client-left' })
  })

  it('a caller who leaves while the gateway reads a small reply is audited as client-gone', async () => {
    const asked = Promise.withResolvers<void>()
    origin.handle((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' }).write('{"a":')
      asked.resolve()
    })
    const lines = world.gateway.audit.length
    const socket = connect(Number(new URL(world.gateway.url).port), '127.0.0.1')
    const { authorization } = world.alice
    const host = new URL(world.gateway.url).host
    socket.write(
      ['GET /agents/http/x HTTP/1.1', `Host: ${host}`, `Authorization: ${authorization}`, '', ''].join('\r\n'),
    )
    await asked.promise
    socket.resetAndDestroy()
    expect(await stopped()).toBeLessThan(1000)
    await eventually('the audit line', () => world.gateway.audit.length > lines)
    expect(world.gateway.audit.at(-1)).toMatchObject({ outcome: 'refused', code: 'client-gone' })
  })
})

describe('callers who leave during an upload (F10)', () => {
  const upload = async (path: string, framing: string): Promise<Socket> => {
    const { hostname, port } = new URL(world.gateway.url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    const lines = [`POST ${path} HTTP/1.1`, `Host: ${hostname}:${port}`, `Authorization: ${world.alice.authorization}`]
    socket.write([...lines, 'Content-Type: application/json', framing, '', ''].join('\r\n'))
    return socket
  }

  it.each([
    ['content-length', 'Content-Length: 1000000', 'x'.repeat(1000)],
    ['chunked', 'Transfer-Encoding: chunked', `3e8\r\n${'x'.repeat(1000)}\r\n`],
  ])(
    'the origin request is aborted within a second if the caller leaves during an upload (%s)',
    async (_what, framing, part) => {
      let received = 0
      let isClosed = false
      uploads.removeAllListeners('request').on('request', (request) => {
        request.on('data', (data: Buffer) => {
          received += data.byteLength
        })
        request
          .on('error', () => undefined)
          .on('close', () => {
            isClosed = true
          })
      })
      const socket = await upload('/agents/upload/x', framing)
      socket.write(part)
      await eventually('the upload is at the origin', () => received === 1000)
      socket.resetAndDestroy()
      expect(await eventually('the origin is stopped', () => isClosed)).toBeLessThan(1000)
    },
  )

  it('the origin receives nothing if the caller leaves while the gateway reads the body first', async () => {
    const before = origin.received.length
    const socket = await upload('/agents/ag-ui-reading', 'Content-Length: 1000')
    socket.write('{"threadId":')
    await sleep(50)
    const lines = world.gateway.audit.length
    socket.resetAndDestroy()
    await eventually('the audit line', () => world.gateway.audit.length > lines)
    expect(origin.received.length).toBe(before)
  })
})
