import { readdirSync, readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHttp, routeOf } from '../support/fixtures'
import { type RecordingOrigin, startOrigin } from '../support/origin'
import { gears, runBody } from '../support/streams'
import { call } from '../support/wire'
import { openWorld, type World } from '../support/world'

const MB = 1024 * 1024
const EVENTS = 1024
const event = `data: "${'x'.repeat(64 * 1024 - 9)}"\n\n`
const callers = 10

let world: World
let origin: RecordingOrigin
/** Bytes that the system has taken from the origin, all replies together. */
let pushed = 0

/** Wants to push 64 MB, as fast as it is allowed to. */
async function push(response: ServerResponse, type: string): Promise<void> {
  response.writeHead(200, { 'content-type': type })
  for (let sent = 0; sent < EVENTS; sent++) {
    const isTaken = response.write(event, () => {
      pushed += event.length
    })
    if (!isTaken) await new Promise((resolve) => response.once('drain', resolve))
  }
  response.end()
}

beforeAll(async () => {
  origin = await startOrigin((request, response) =>
    push(response, request.url === '/x' ? 'text/plain' : 'text/event-stream'),
  )
  world = await openWorld(({ trust }) => [
    ...gears.map((gear) => gear.route(origin.url, trust, gear.isReading ? { heartbeatSeconds: 1 } : {})),
    routeOf(openHttp(origin.url), trust),
  ])
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
})

/**
 * Resident memory of the workerd that this process started, in bytes; 0 where the system does not
 * say.
 */
function memory(): number {
  if (process.platform !== 'linux') return 0
  const tasks = `/proc/${process.pid}/task`
  const children = readdirSync(tasks).flatMap((task) =>
    readFileSync(`${tasks}/${task}/children`, 'utf8').trim().split(' '),
  )
  const workerd = children.find((pid) => pid && readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('workerd'))
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${workerd}/status`, 'utf8'))?.[1]) * 1024
}

/**
 * Waits until the origin has sent nothing for 400 ms. Without back-pressure it sends everything.
 */
async function standstill(): Promise<void> {
  for (let last = -1; last !== pushed; await sleep(400)) last = pushed
}

const ways = [
  ...gears.map(({ name, path, protocol }) => ({ name, path, body: runBody[protocol] as string | undefined })),
  { name: 'http', path: '/agents/http/x', body: undefined },
]

describe.each(ways)('callers who do not read, on route $name (F11)', ({ path, body }) => {
  it('callers who do not read slow the agent down, and the gateway does not buffer their replies', async () => {
    const start = () => call(world.gateway.url + path, { headers: world.alice, ...(body !== undefined && { body }) })
    const warm = await start()
    await warm.end
    pushed = 0
    const before = memory()

    const replies = await Promise.all(Array.from({ length: callers }, start))
    for (const { message } of replies) message.pause()
    await standstill()
    // Heartbeats come due, and find a caller who does not read.
    await world.gateway.advance(3)
    await sleep(100)

    // The bytes under way are in the buffers of the system, on both sides of the gateway.
    expect(pushed / callers).toBeLessThan(32 * MB)
    // A part of it is garbage that the reading gear has made on the way there; held back, it would
    // be 640 MB.
    expect(memory() - before).toBeLessThan(128 * MB)

    const [first, ...others] = replies
    first?.message.resume()
    expect(await first?.end).toBe('whole')
    expect(first?.bytes().byteLength).toBeGreaterThanOrEqual(EVENTS * event.length)
    for (const reply of others) reply.reset()
  })
})
