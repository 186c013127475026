import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refused } from '../../support/refusal'
import { DERIVED, isDerived, shown, signedThread } from '../caller-view'
import { type AgUiStage, eventsIn, input, openAgUi } from './stage'

const AGENTS = ['ag2-0x', 'ag2-1x', 'maf', 'sample'] as const
let stage: AgUiStage

beforeAll(async () => {
  stage = await openAgUi(...AGENTS)
}, 600_000)
afterAll(() => stage?.close())

/** Microsoft Agent Framework calls a run what its model calls the answer. */
const namesRuns = (route: string) => route !== 'maf'

/** The run as the agent got it, and the answer as the caller got it. */
async function exchange(route: string, body: unknown, person?: Record<string, string>) {
  const before = new Set(stage.calls())
  const reply = await stage.ask(route, body, person)
  const text = await reply.text()
  const [call] = stage.calls().filter((each) => !before.has(each))
  const asked = call?.body as unknown as Record<string, unknown> | undefined
  return { status: reply.status, text, call, asked, thread: asked?.threadId ?? asked?.thread_id }
}

describe.each(AGENTS)('threads of an AG-UI agent: %s', (route) => {
  it('the same thread id is a different thread for each person and issuer (X6)', async () => {
    const { alice, bob, namesake } = stage.world
    const threads: unknown[] = []
    for (const person of [alice, bob, namesake, alice])
      threads.push((await exchange(route, input('t1'), person)).thread)
    expect(threads.every(isDerived)).toBe(true)
    expect(threads[3]).toBe(threads[0])
    expect(new Set(threads).size).toBe(3)
  })

  it('a caller who sends a thread id that the agent knows gets a new thread (X6)', async () => {
    const own = (await exchange(route, input('t1'))).thread
    for (const person of [stage.world.bob, stage.world.alice]) {
      const { thread, text } = await exchange(route, input(own), person)
      expect(isDerived(thread)).toBe(true)
      expect(thread).not.toBe(own)
      expect(text).not.toContain(String(thread))
      expect(eventsIn(text).at(-1)).toMatchObject({ threadId: own })
    }
  })

  it('another person’s thread id gets the same answer as an unknown thread id (X15)', async () => {
    await exchange(route, input('alice-s-thread'))
    const ask = (id: string) => stage.ask(route, input(id), stage.world.bob)
    expect(await shown(await ask('alice-s-thread'), 'alice-s-thread')).toEqual(
      await shown(await ask('nobodys-thread'), 'nobodys-thread'),
    )
  })

  it('the agent and the assertion get derived ids; the caller gets the ids that the caller chose', async () => {
    const ids = { runId: 'the-run', parentRunId: 'the-run-before' }
    const { call, asked, thread, text } = await exchange(route, input('the-thread', ids))
    expect(signedThread(call!)).toBe(thread)
    expect(JSON.stringify(asked)).not.toMatch(/the-thread|the-run/)
    const derived = [...JSON.stringify(asked).matchAll(DERIVED)].map(([id]) => id)
    expect(new Set(derived).size).toBe(3)
    for (const id of derived) expect(text).not.toContain(id)
    const events = eventsIn(text)
    const own = { threadId: 'the-thread', ...(namesRuns(route) && { runId: 'the-run' }) }
    expect(events[0]).toMatchObject({ type: 'RUN_STARTED', ...own })
    expect(events.at(-1)).toMatchObject({ type: 'RUN_FINISHED', ...own })
  })

  it.each([
    ['quotes and backslashes', String.raw`a"b\"c\n`],
    ['line breaks', 'a\nb\r\n\ndata: x'],
    ['an emoji and signs of other scripts', '🚪 ñ \u2028 線'],
    ['what a replacement would expand', "$& $1 $' $$"],
    ['the name of a prototype', '__proto__'],
    ['256 characters', 'x'.repeat(256)],
  ])('the caller gets a thread id with %s back unchanged', async (_what, id) => {
    const runId = `${id}.`.slice(-256)
    const { status, text, thread } = await exchange(route, input(id, { runId }))
    expect(status).toBe(200)
    expect(isDerived(thread)).toBe(true)
    expect(eventsIn(text).at(-1)).toMatchObject({ threadId: id, ...(namesRuns(route) && { runId }) })
  })

  it('an agent’s error about a malformed body shows the caller no derived ids', async () => {
    const threadId = 'a "wrong" one'
    const { status, text, thread } = await exchange(route, input(threadId, { messages: undefined }))
    expect(isDerived(thread)).toBe(true)
    expect([400, 422]).toContain(status)
    expect(text).not.toMatch(new RegExp(DERIVED.source))
    // FastAPI repeats what it was sent.
    if (['ag2-0x', 'maf'].includes(route)) expect(JSON.parse(text)).toMatchObject({ detail: [{ input: { threadId } }] })
  })

  it.each([
    ['a list', ['t1']],
    ['an object', { id: 't1' }],
    ['a number', 7],
    ['true', true],
    ['empty', ''],
    ['300 characters long', 'x'.repeat(300)],
    ['half a character', 'a\ud800'],
  ])('a thread or run id that is %s is refused with 400 (X6)', async (_what, id) => {
    for (const body of [input(id), input('t1', { runId: id }), input('t1', { parentRunId: id })]) {
      const count = stage.calls().length
      expect(await refused(await stage.ask(route, body))).toEqual({ status: 400, code: 'body-invalid' })
      expect(stage.calls().length).toBe(count)
    }
  })

  it.each([
    ['threadId twice', '"threadId":"mine","threadId":"THEIRS"'],
    ['a second threadId that has an escape', String.raw`"threadId":"mine","\u0074hreadId":"THEIRS"`],
    ['threadId that has an escape', String.raw`"\u0074hreadId":"THEIRS"`],
    ['thread_id', '"thread_id":"THEIRS"'],
    ['threadId in __proto__', '"threadId":"mine","__proto__":{"threadId":"THEIRS"}'],
  ])('another person’s thread id is replaced in a body with %s (X6)', async (_how, members) => {
    const theirs = (await exchange(route, input('alice-s'))).thread
    const { threadId: _, ...rest } = input('')
    for (const id of ['alice-s', theirs]) {
      const body = `{${members.replace('THEIRS', String(id))},${JSON.stringify(rest).slice(1)}`
      const { thread, asked } = await exchange(route, body, stage.world.bob)
      if (thread !== undefined) expect(isDerived(thread)).toBe(true)
      expect(thread).not.toBe(theirs)
      // A text that is not in the place of an id may be passed on; nothing looks a thread up by it.
      const { ['__proto__']: __, ...looked } = asked ?? {}
      expect(JSON.stringify(looked)).not.toContain(id)
    }
  })

  it.each([
    '"threadId":"mine","thread_id":"t1"',
    '"threadId":"mine","ThreadId":"t1"',
    '"threadId":"mine","thread-id":"t1"',
    '"threadId":"mine","THREADID":"t1"',
    '"threadId":"mine","runId":"r","run_id":"r2"',
  ])('a body with two spellings of an id gets 400: %s (X6)', async (members) => {
    const { threadId: _, ...rest } = input('', members.includes('runId') ? { runId: undefined } : {})
    const reply = await stage.ask(route, `{${members},${JSON.stringify(rest).slice(1)}`)
    expect(await refused(reply)).toEqual({ status: 400, code: 'body-invalid' })
  })

  it('thread and run ids in forwardedProps do not reach the agent (X6)', async () => {
    const props = { thread_id: 'theirs', threadId: 'theirs', 'Run-Id': 'theirs', resume: 'theirs', keep: 'dark' }
    const more = { ...props, sessionId: 'theirs', conversation_id: 'theirs', checkpoint: { thread_id: 'theirs' } }
    for (const name of ['forwardedProps', 'forwarded_props']) {
      const { forwardedProps: _, ...rest } = input('t1')
      const { asked } = await exchange(route, { ...rest, [name]: more })
      expect(JSON.stringify(asked)).toContain('dark')
      expect(JSON.stringify(asked)).not.toContain('theirs')
    }
  })

  it.each([
    [{ interrupts: [{ id: 'i1', value: 'yes' }] }],
    [[{ interruptId: 'i1', status: 'resolved', payload: true }]],
  ])('an answer to an interrupt reaches the agent unchanged in forwardedProps: %j', async (resume) => {
    const { asked } = await exchange(route, input('t1', { forwardedProps: { resume, command: { resume: 'yes' } } }))
    expect(asked).toMatchObject({ forwardedProps: { resume, command: { resume: 'yes' } } })
  })

  it('a thread id in the state does not change the thread of a run (X6)', async () => {
    const state = { threadId: 't1', thread_id: 't1' }
    const { thread } = await exchange(route, input('another', { state }), stage.world.bob)
    expect(thread).toBe((await exchange(route, input('another'), stage.world.bob)).thread)
  })
})
