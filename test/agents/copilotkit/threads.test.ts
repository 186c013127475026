import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually'
import { refused } from '../../support/refusal'
import { eventsIn, input, say, textOf } from '../ag-ui/stage'
import { DERIVED, type Headers, idsOf, isDerived, shown, signedThread } from '../caller-view'
import { type CopilotkitStage, clientOf, openCopilotkit, STYLES } from './stage'

let stage: CopilotkitStage
let world: CopilotkitStage['world']
let taps: CopilotkitStage['taps']
let toAgent: CopilotkitStage['toAgent']
/** Of both styles: they differ in their addresses only. */
const clients = {} as Record<(typeof STYLES)[number], ReturnType<typeof clientOf>>

beforeAll(async () => {
  stage = await openCopilotkit()
  ;({ world, taps, toAgent } = stage)
  for (const style of STYLES) clients[style] = clientOf(style, world)
}, 300_000)
afterAll(() => stage?.close())
beforeEach(() => {
  for (const style of STYLES) taps[style].calls.length = 0
  toAgent.calls.length = 0
})

describe.each(STYLES)('threads of a CopilotKit runtime, %s', (style) => {
  const isSingle = style === 'single-route'
  type Client = ReturnType<typeof clientOf>
  const run: Client['run'] = (...given) => clients[style].run(...given)
  const connect: Client['connect'] = (...given) => clients[style].connect(...given)
  const suggest: Client['suggest'] = (...given) => clients[style].suggest(...given)
  const stop: Client['stop'] = (...given) => clients[style].stop(...given)
  const resource: Client['resource'] = (...given) => clients[style].resource(...given)
  /** The thread as runtime and agent know it. */
  const known = () => idsOf(toAgent.calls).threadId
  /** Alice says a word on a thread of hers. @returns what the runtime calls it */
  async function begin(thread: string): Promise<string> {
    await textOf(run(input(thread, say(`count to 1 swordfish`)), world.alice))
    return known()
  }
  const others = () => [world.bob, world.namesake]

  it('the runtime, the agent and the assertion get a derived thread id, and the caller gets the original id', async () => {
    const text = await textOf(run(input('the-thread', { ...say('count to 1'), runId: 'the-run' }), world.alice))
    const inside = known()
    expect(isDerived(inside)).toBe(true)
    const [call] = taps[style].calls
    expect(signedThread(call!)).toBe(inside)
    expect(JSON.stringify([call?.line, call?.body, toAgent.calls.map(({ body }) => body)])).not.toMatch(
      /the-(thread|run)/,
    )
    expect(text).not.toMatch(new RegExp(DERIVED.source))
    const started = eventsIn(text).find(({ type }) => type === 'RUN_STARTED')
    const own = { threadId: 'the-thread', runId: 'the-run' }
    expect(started).toMatchObject({ ...own, input: own })
  })

  it('a thread is replayed to its owner under the id that the owner chose, also after a second run', async () => {
    await begin('replayed')
    await textOf(run(input('replayed', { ...say('count to 1 halibut', 'q2'), runId: 'run-2' }), world.alice))
    const text = await textOf(connect(input('replayed'), world.alice))
    expect(text).toMatch(/swordfish.*halibut/s)
    const threads = eventsIn(text).flatMap(({ threadId }) => (threadId === undefined ? [] : [threadId]))
    expect(new Set(threads)).toEqual(new Set(['replayed']))
    expect(text).not.toContain(known())
    // A later request does not know what its caller named earlier runs: they keep the names that
    // the runtime has for them.
    const runs = eventsIn(text).flatMap(({ type, runId }) => (type === 'RUN_STARTED' ? [runId] : []))
    expect(runs).toEqual(['run-1', idsOf(toAgent.calls).runId])
  })

  it('a thread is not replayed to another person, by the original or the derived id (X6)', async () => {
    const inside = await begin('alice-s')
    for (const person of others())
      for (const id of ['alice-s', inside]) expect(await textOf(connect(input(id), person))).not.toContain('swordfish')
    expect(await textOf(connect(input(inside), world.alice))).not.toContain('swordfish')
  })

  it('a run of another person with the same thread id does not change the thread (X6)', async () => {
    const inside = await begin('written')
    for (const person of others())
      for (const id of ['written', inside]) await textOf(run(input(id, say('count to 1 mallory', 'q9')), person))
    const text = await textOf(connect(input('written'), world.alice))
    expect(text).toContain('swordfish')
    expect(text).not.toContain('mallory')
  })

  it('only the owner of a thread can stop its run (X6)', async () => {
    const running = textOf(run(input('running', say('count to 300')), world.alice))
    await eventually('it runs', () => toAgent.calls.length > 0)
    const inside = known()
    const derivedRun = idsOf(toAgent.calls).runId
    for (const person of others()) {
      for (const id of ['running', inside]) {
        expect(await (await stop(id, person)).json()).toMatchObject({ stopped: false })
        if (!isSingle)
          expect(await (await stop(id, person, { runId: derivedRun })).json()).toMatchObject({ stopped: false })
      }
    }
    expect(toAgent.calls[0]?.outcome).toBe('running')
    expect(await (await stop('running', world.alice)).json()).toMatchObject({ stopped: true })
    expect(await running).not.toContain(inside)
    await eventually('the agent was left', () => toAgent.calls[0]?.outcome === 'left')
  })

  it('another person cannot find out whether a thread has an active run (X15)', async () => {
    const running = textOf(run(input('taken', say('count to 300')), world.alice))
    await eventually('it runs', () => toAgent.calls.length > 0)
    for (const ask of [
      (id: string) => stop(id, world.bob),
      (id: string) => run(input(id, say('count to 1')), world.bob),
      (id: string) => connect(input(id), world.bob),
    ])
      expect(await shown(await ask('taken'), 'taken')).toEqual(await shown(await ask('nobod'), 'nobod'))
    await stop('taken', world.alice)
    await running
  })

  it('suggestions come from the messages of the request, and not from the thread', async () => {
    const inside = await begin('suggested')
    for (const id of ['suggested', inside]) {
      const text = await textOf(suggest(input(id, say('count to 1')), world.bob))
      expect(text).not.toContain('swordfish')
      expect(text).not.toContain(known())
    }
    expect(await textOf(connect(input('suggested'), world.alice))).toContain('swordfish')
  })

  it.each(['messages', 'events', 'state'])('only the owner can read the %s of a thread (X6)', async (what) => {
    const inside = await begin('read-by-path')
    const read = (id: string, person: Headers) => resource('GET', `/threads/${id}/${what}`, person)
    const own = await textOf(read('read-by-path', world.alice))
    expect(own).toContain(what === 'state' ? 'turns' : 'swordfish')
    expect(own).not.toContain(inside)
    const nothing = await shown(await read('nobody-s-own', world.bob), 'nobody-s-own')
    for (const person of others())
      expect(await shown(await read('read-by-path', person), 'read-by-path')).toEqual(nothing)
    expect(await shown(await read(inside, world.bob), inside)).toEqual(nothing)
    expect(await shown(await read(inside, world.alice), inside)).toEqual(nothing)
  })

  it.each([
    ['PATCH', '', { name: 'mallory' }],
    ['DELETE', '', {}],
    ['POST', '/archive', {}],
  ])('a person cannot change the thread of another person: %s /threads/:thread%s (X6)', async (method, verb, body) => {
    const inside = await begin('kept')
    const told = async (id: string, person = world.bob) =>
      shown(await resource(method, `/threads/${id}${verb}`, person, { agentId: 'default', ...body }), id)
    const answers = [await told('kept'), await told('none'), await told(inside), await told('kept', world.namesake)]
    for (const answer of answers) expect(answer).toEqual(answers[1])
    const asked = JSON.stringify(taps[style].calls.slice(1).map(({ line, body: sent }) => [line, sent]))
    expect(asked).not.toMatch(/kept|none/)
    expect(asked).not.toContain(inside)
    expect(await textOf(connect(input('kept'), world.alice))).toContain('swordfish')
  })

  it.each([
    ['GET', '/threads'],
    ['GET', '/threads?agentId=default'],
    ['POST', '/threads/subscribe'],
    ['POST', '/threads/clear'],
    ['GET', '/memories'],
  ])('a request for the data of all people is refused with operation-unknown: %s %s (X6)', async (method, where) => {
    const reply = await resource(method, where, world.bob, method === 'POST' ? {} : undefined)
    expect(await refused(reply)).toEqual({ status: 404, code: 'operation-unknown' })
    expect(taps[style].calls).toEqual([])
  })

  it.each([String.raw`a"b\"c`, '🚪 é', '__proto__', "$& $' $$"])(
    'the caller gets the thread id back unchanged: %s',
    async (id) => {
      await begin(id)
      const text = await textOf(connect(input(id), world.alice))
      expect(eventsIn(text).find(({ type }) => type === 'RUN_STARTED')).toMatchObject({ threadId: id })
      // A path has no backslash, however it is written.
      if (!isSingle && id.includes('\\')) return
      expect(await (await stop(id, world.alice)).json()).toMatchObject({ message: expect.stringContaining(`'${id}'`) })
    },
  )

  it.each([[['t1']], [7], ['x'.repeat(300)], [{ id: 't' }]])(
    'a request with the malformed thread id %j is refused with body-invalid (X6)',
    async (id) => {
      for (const ask of [run, connect, suggest])
        expect(await refused(await ask(input(id), world.bob))).toEqual({ status: 400, code: 'body-invalid' })
      expect(taps[style].calls).toEqual([])
    },
  )
})
