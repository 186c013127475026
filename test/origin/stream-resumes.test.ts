import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { issuerOf } from '../support/fixtures'
import { startGateway } from '../support/gateway'
import { beginEvents, type RecordingOrigin, startOrigin } from '../support/origin'
import { freePort } from '../support/port'
import { gears, runBody, runs } from '../support/streams'
import { call } from '../support/wire'
import { openWorld, type World } from '../support/world'

/**
 * A run that continues without listeners, and repeats the events after a given one, as resumable
 * runs of LangGraph do.
 */
class Run {
  readonly #events = runs.langgraph.filter((event) => !event.startsWith(':'))
  readonly #listeners = new Map<ServerResponse, number>()
  #happened = 1

  listen(response: ServerResponse, lastEventId: string | undefined): void {
    beginEvents(response)
    this.#listeners.set(response, lastEventId === undefined ? 0 : Number(lastEventId) + 1)
    response.on('close', () => this.#listeners.delete(response))
    this.#tell()
  }

  goOn(events: number): void {
    this.#happened = Math.min(this.#happened + events, this.#events.length)
    this.#tell()
  }

  get isOver(): boolean {
    return this.#happened === this.#events.length
  }

  get text(): string {
    return this.#events.join('')
  }

  #tell(): void {
    for (const [response, told] of this.#listeners) {
      response.write(this.#events.slice(told, this.#happened).join(''))
      this.#listeners.set(response, this.#happened)
      if (this.isOver) response.end()
    }
  }
}

let world: World
let origin: RecordingOrigin
let run: Run
const langGraph = gears.filter(({ protocol }) => protocol === 'langgraph')

beforeAll(async () => {
  origin = await startOrigin((request, response) =>
    run.listen(response, request.headers['last-event-id'] as string | undefined),
  )
})
afterAll(async () => {
  await origin?.close()
})

describe.each(langGraph)('gateway restarts in the middle of a run ($name) (F25)', (gear) => {
  it('a caller resumes a run after the gateway restarts, and no event is lost or repeated', async () => {
    const port = await freePort()
    run = new Run()
    world = await openWorld(({ trust }) => [gear.route(origin.url, trust)], { port })
    const first = await call(world.gateway.url + gear.path, { body: runBody.langgraph, headers: world.alice })
    run.goOn(5)
    await first.has('id: 5')
    await world.gateway.close()
    expect(await first.end).toBe('broken')
    run.goOn(4)

    const restarted = await startGateway({ routes: [gear.route(origin.url, [issuerOf(world.provider.issuer)])], port })
    try {
      const ids = [...first.text().matchAll(/^id: (\d+)$/gm)].map(([, id]) => id)
      const again = gear.path.replace('runs/stream', 'runs/r1/stream')
      const headers = { ...world.alice, 'last-event-id': String(ids.at(-1)) }
      const second = await call(restarted.url + again, { headers })
      await second.has('id: 9')
      while (!run.isOver) run.goOn(1)
      expect(await second.end).toBe('whole')
      expect(first.text() + second.text()).toBe(run.text)
    } finally {
      await restarted.close()
      await world.provider.close()
    }
  })
})
