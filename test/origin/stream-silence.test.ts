import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually'
import { routeOf } from '../support/fixtures'
import { beginEvents, type RecordingOrigin, startOrigin } from '../support/origin'
import { type Gear, gears, runBody, runs, saysBroken } from '../support/streams'
import { call } from '../support/wire'
import { openWorld, type World } from '../support/world'

let world: World
let origin: RecordingOrigin
const COMMENT = ': keep-alive\n\n'
const own = gears.find(({ name }) => name === 'ag-ui-own')!
/** Read for nothing but its ids. */
const quiet: Gear = { ...own, name: 'quiet', path: '/agents/quiet' }
const reading = gears.filter(({ isReading }) => isReading)

/** Every test has a reply of its own, found by a header, so that all of them can be silent at once. */
const acts = new Map<string, (response: ServerResponse) => unknown>()
const closed = new Map<string, number>()

beforeAll(async () => {
  origin = await startOrigin(async (request, response) => {
    const id = String(request.headers.prefer)
    response.on('close', () => closed.set(id, performance.now()))
    beginEvents(response)
    await acts.get(id)?.(response)
  })
  world = await openWorld(({ trust }) => [
    ...gears.map((gear) =>
      gear.route(origin.url, trust, gear.isReading ? { heartbeatSeconds: 1, idleSeconds: 5 } : {}),
    ),
    routeOf({ kind: 'ag-ui', origin: { url: origin.url } }, trust, {
      id: 'quiet',
      path: quiet.path,
      limits: { heartbeatSeconds: 0, idleSeconds: 5 },
    }),
  ])
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
})

let calls = 0
async function start(gear: Gear, act: (response: ServerResponse) => unknown) {
  const id = String(calls++)
  acts.set(id, act)
  const headers = { ...world.alice, prefer: id }
  return { id, ...(await call(world.gateway.url + gear.path, { body: runBody[gear.protocol], headers })) }
}

const count = (text: string) => text.split(COMMENT).length - 1

/** On all of them at once. */
const onAll = (check: (gear: Gear) => Promise<void>) => Promise.all(reading.map(check))

describe.concurrent('F9: a silent agent behind the reading gear', () => {
  it('is covered by comments, between which every byte arrives', ({ expect }) =>
    onAll(async (gear) => {
      const run = runs[gear.protocol]
      const reply = await start(gear, async (response) => {
        await sleep(2500)
        response.write(run.slice(0, 3).join(''))
        await sleep(2500)
        response.end(run.slice(3).join(''))
      })
      expect(await reply.end).toBe('whole')
      expect(count(reply.text())).toBeGreaterThanOrEqual(2)
      expect(reply.text().replaceAll(COMMENT, '')).toBe(run.join('').replaceAll(COMMENT, ''))
    }))

  it('gets no comment into the middle of its event, however long that takes', ({ expect }) =>
    onAll(async (gear) => {
      const event = 'data: {"type":"TEXT_MESSAGE_CONTENT"}\n\n'
      const reply = await start(gear, async (response) => {
        for (const byte of event) {
          response.write(byte)
          await sleep(150)
        }
        response.end()
      })
      expect(await reply.end).toBe('whole')
      expect(count(reply.text())).toBeGreaterThanOrEqual(2)
      expect(reply.text()).toBe(COMMENT.repeat(count(reply.text())) + event)
    }))

  it('is given up after its limit, with an error event, and stopped', ({ expect }) =>
    onAll(async (gear) => {
      const first = runs[gear.protocol][0] ?? ''
      const reply = await start(gear, (response) => response.write(first))
      const began = performance.now()
      expect(await reply.end).toBe('whole')
      expect(performance.now() - began).toBeGreaterThan(4000)
      expect(reply.text()).toMatch(saysBroken[gear.protocol])
      expect(reply.text()).toContain('origin-stalled')
      expect(reply.text().startsWith(first)).toBe(true)
      await eventually('the origin is stopped', () => closed.has(reply.id), 5)
    }))

  it('is not given up while it says anything at all, even a part of an event', ({ expect }) =>
    onAll(async (gear) => {
      const reply = await start(gear, async (response) => {
        for (let said = 0; said < 4; said++) {
          await sleep(2000)
          response.write(said % 2 ? '"x' : ': here\n\ndata: ')
        }
        response.end('"\n\n')
      })
      expect(await reply.end).toBe('whole')
      expect(reply.text()).not.toContain('origin-stalled')
    }))

  it('may be silent without end where it is read only for its ids, and hears no comments then', async ({ expect }) => {
    const [first = '', ...rest] = runs['ag-ui']
    const reply = await start(quiet, async (response) => {
      response.write(first)
      await sleep(7000)
      response.end(rest.join(''))
    })
    expect(await reply.end).toBe('whole')
    expect(reply.text()).toBe(runs['ag-ui'].join(''))
  })

  it('is not blamed for a caller who does not read', ({ expect }) =>
    onAll(async (gear) => {
      const events = Array.from({ length: 800 }, () => `data: "${'x'.repeat(32_000)}"\n\n`)
      const reply = await start(gear, async (response) => {
        for (const event of events) if (!response.write(event)) await new Promise((go) => response.once('drain', go))
        response.end()
      })
      reply.message.pause()
      await sleep(8000)
      reply.message.resume()
      expect(await reply.end).toBe('whole')
      expect(reply.text().replaceAll(COMMENT, '') === events.join('')).toBe(true)
    }))
})

describe.each(gears.filter(({ isReading }) => !isReading))('F9: the $name gear', (gear) => {
  it('lets the comments of the agent itself through', async () => {
    const reply = await start(gear, async (response) => {
      response.write(': heartbeat\n\n')
      await sleep(1500)
      response.end(': heartbeat\n\n')
    })
    expect(await reply.end).toBe('whole')
    expect(reply.text()).toBe(': heartbeat\n\n: heartbeat\n\n')
  })
})
