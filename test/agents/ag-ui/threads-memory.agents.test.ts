import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DERIVED, idsOf, shown } from '../caller-view'
import { type AgUiStage, type Event, eventsIn, input, openAgUi, say, textOf } from './stage'

let stage: AgUiStage

beforeAll(async () => {
  stage = await openAgUi('maf', 'approving', 'asking')
}, 600_000)
afterAll(() => stage?.close())

const SECRET = 'my account, and the word is swordfish'
/** The id as the agent knows it. */
const known = () => idsOf(stage.calls()).threadId

describe('an agent with one memory for all threads', () => {
  const recall = (id: string, person = stage.world.alice) => stage.ask('maf', input(id, { messages: [] }), person)

  it('the owner of a thread gets its messages under the ids that the owner chose', async () => {
    await textOf(stage.ask('maf', input('own-"thread"', say(SECRET))))
    const text = await textOf(recall('own-"thread"'))
    const snapshot = eventsIn(text).find(({ type }) => type === 'MESSAGES_SNAPSHOT')
    expect(JSON.stringify(snapshot)).toContain('swordfish')
    expect(eventsIn(text)[0]).toMatchObject({ threadId: 'own-"thread"', runId: 'run-1' })
    expect(text).not.toMatch(new RegExp(DERIVED.source))
  })

  it('a second run on a thread continues its conversation', async () => {
    await textOf(stage.ask('maf', input('two-turns', say(SECRET))))
    await textOf(stage.ask('maf', input('two-turns', say('my account once more', 'q2'))))
    const text = await textOf(recall('two-turns'))
    expect(text).toContain('swordfish')
    expect(text).toContain('once more')
  })

  it('a person cannot read a thread of another person by its chosen or its derived id (X6)', async () => {
    await textOf(stage.ask('maf', input('alice-thread', say(SECRET))))
    const inside = known()
    const { alice, bob, namesake } = stage.world
    for (const person of [bob, namesake]) {
      for (const id of ['alice-thread', inside]) expect(await textOf(recall(id, person))).not.toContain('swordfish')
    }
    expect(await textOf(recall(inside, alice))).not.toContain('swordfish')
  })

  it('a person cannot write into a thread of another person (X6)', async () => {
    await textOf(stage.ask('maf', input('written', say(SECRET))))
    const inside = known()
    for (const id of ['written', inside])
      await textOf(stage.ask('maf', input(id, say('my account, mallory', 'q2')), stage.world.bob))
    const text = await textOf(recall('written'))
    expect(text).toContain('swordfish')
    expect(text).not.toContain('mallory')
  })

  it('another person’s thread gets the same answer as an unknown thread (X15)', async () => {
    await textOf(stage.ask('maf', input('somebodys', say(SECRET))))
    const told = async (id: string) => shown(await recall(id, stage.world.bob), id)
    const inside = known()
    expect(await told('somebodys')).toEqual(await told('no-bodys.'))
    expect(await told(inside)).toEqual(await told(crypto.randomUUID()))
  })

  it('a run without a thread id continues no existing thread', async () => {
    await textOf(stage.ask('maf', input('named', say(SECRET))))
    for (const threadId of [undefined, null]) {
      const text = await textOf(stage.ask('maf', input(threadId, { messages: [] }), stage.world.bob))
      expect(text).not.toContain('swordfish')
    }
  })
})

describe.each(['asking', 'approving'] as const)('interrupted runs: %s', (route) => {
  const interruptOf = (text: string) => {
    const { outcome } = eventsIn(text).at(-1) as Event & { outcome: { interrupts: { id: string }[] } }
    return outcome.interrupts[0]!.id
  }
  const answer = (interruptId: string) => {
    const payload = route === 'asking' ? 'yes' : { accepted: true }
    return { runId: 'run-2', messages: [], resume: [{ interruptId, status: 'resolved', payload }] }
  }
  const begin = async (id: string) => interruptOf(await textOf(stage.ask(route, input(id, say(SECRET)))))
  const goOn = (id: string, interrupt: string, person = stage.world.alice) =>
    stage.ask(route, input(id, answer(interrupt)), person)

  it('an interrupted run continues if its owner answers', async () => {
    const text = await textOf(goOn('asked', await begin('asked')))
    expect(text).toMatch(/TOOL_CALL_RESULT.*A1/)
    expect(text).not.toMatch(new RegExp(DERIVED.source))
  })

  it('an interrupted run continues for its owner, but not for another person (X6)', async () => {
    const interrupt = await begin('asked-again')
    const inside = known()
    const { alice, bob, namesake } = stage.world
    for (const person of [bob, namesake]) {
      for (const id of ['asked-again', inside]) {
        const text = await textOf(goOn(id, interrupt, person))
        expect(text).not.toMatch(/TOOL_CALL_RESULT|A1|swordfish/)
      }
    }
    expect(await textOf(goOn('asked-again', interrupt, alice))).toMatch(/TOOL_CALL_RESULT.*A1/)
  })

  it('resuming another person’s run is answered like resuming an unknown run (X15)', async () => {
    const interrupt = await begin('the-question')
    const told = async (id: string) => shown(await goOn(id, interrupt, stage.world.bob), id, interrupt)
    expect(await told('the-question')).toEqual(await told('no-question.'))
  })
})
