import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LangGraphClient, type LangGraphSdk, loadClients } from '../../support/clients'
import { ask, collect, runPythonClients, statusOf } from './servers'
import { type Kind, kinds, type LangGraphStage, openLangGraph, type Person } from './stage'

// biome-ignore lint/suspicious/noExplicitAny: the shapes are the SDK's
type Calls = Record<string, (...args: readonly unknown[]) => Promise<any>>
interface WholeClient extends LangGraphClient {
  readonly store: Calls
}
/** The SDK's handle of the event protocol. */
interface ThreadStream {
  readonly threadId: string
  readonly run: { start(params: object): Promise<{ run_id: string }> }
  readonly output: Promise<{ messages: { content: unknown }[] }>
  readonly values: AsyncIterable<object>
  close(): Promise<void>
}

let sdk: LangGraphSdk
let stage: LangGraphStage
beforeAll(async () => {
  sdk = (await loadClients()).langGraph
  stage = await openLangGraph()
}, 600_000)
afterAll(() => stage?.close())

const clientOf = (person: Person, kind: Kind) =>
  new sdk.Client({
    apiUrl: `${stage.world.gateway.url}/agents/${kind}`,
    defaultHeaders: stage.headers[person],
    apiKey: null,
  }) as WholeClient

describe.concurrent.each(kinds)('the JavaScript SDK with a %s server', (kind) => {
  const alice = () => clientOf('alice', kind)
  const bob = () => clientOf('bob', kind)

  it('an owner can create, find, change, copy and delete threads with the JavaScript SDK', async () => {
    const { threads } = alice()
    const metadata = { mark: crypto.randomUUID() }
    const threadId = crypto.randomUUID()
    expect((await threads.create({ threadId, metadata })).thread_id).toBe(threadId)
    expect((await threads.create({ threadId, ifExists: 'do_nothing' })).thread_id).toBe(threadId)
    expect(await statusOf(threads.create({ threadId }))).toBe(409)
    await threads.update(threadId, { metadata: { colour: 'red' } })
    expect((await threads.get(threadId)).metadata).toMatchObject({ ...metadata, colour: 'red' })
    const supersteps = [{ updates: [{ values: ask('noted').input, asNode: 'answer' }] }]
    const stepped = await threads.create({ graphId: 'agent', metadata, supersteps })
    expect((await threads.getState(stepped.thread_id)).values.messages).toMatchObject([{ content: 'noted' }])
    const copied = (await threads.copy(threadId)) ?? (await threads.search({ metadata: { colour: 'red' } }))
    expect(JSON.stringify(copied)).toContain('thread_id')
    const found = (await threads.search({ metadata })).map(({ thread_id: id }: { thread_id: string }) => id)
    expect(found).toEqual(expect.arrayContaining([threadId, stepped.thread_id]))
    expect(await threads.count({ metadata })).toBe(found.length)
    expect(await bob().threads.search({ metadata })).toEqual([])
    await threads.delete(threadId)
    expect(await statusOf(threads.get(threadId))).toBe(404)
  })

  it('an owner can start, stream, join, cancel, list and delete runs with the JavaScript SDK', async ({ expect }) => {
    const { threads, runs } = alice()
    const { thread_id: thread } = await threads.create()
    expect((await runs.wait(thread, 'agent', ask('hi'))).messages.length).toBe(2)
    const parts = await collect(runs.stream(thread, 'agent', ask('hi', { streamMode: 'messages-tuple' })))
    expect(parts.map(({ event }) => event)).toContain('messages')
    const { run_id: run } = await runs.create(thread, 'agent', ask('count to 5', { streamResumable: true }))
    // A JavaScript server repeats a run only while it goes on.
    const replayed = await collect(runs.joinStream(thread, run, { lastEventId: '-1' }))
    expect((await runs.join(thread, run)).messages.length).toBe(6)
    expect(JSON.stringify(replayed)).toContain('1 2 3 4 5')
    const { run_id: silent } = await runs.create(thread, 'agent', ask('be silent for 60 seconds'))
    await expect.poll(async () => (await runs.get(thread, silent)).status).toBe('running')
    await runs.cancel(thread, silent, true)
    await expect.poll(async () => (await runs.get(thread, silent)).status).toBe('interrupted')
    expect((await runs.list(thread)).length).toBe(4)
    await runs.delete(thread, run)
    expect((await runs.list(thread)).length).toBe(3)
  })

  it('an owner can read and change the states of a thread at any checkpoint', async () => {
    const { threads, runs } = alice()
    const { thread_id: thread } = await threads.create()
    await runs.wait(thread, 'agent', ask('first'))
    await runs.wait(thread, 'agent', ask('second'))
    const state = await threads.getState(thread)
    const history = await threads.getHistory(thread, { limit: 100 })
    expect(history[0].checkpoint).toEqual(state.checkpoint)
    const earlier = history.at(-1)
    for (const checkpoint of [earlier.checkpoint, earlier.checkpoint.checkpoint_id])
      expect((await threads.getState(thread, checkpoint)).checkpoint).toMatchObject({
        checkpoint_id: earlier.checkpoint.checkpoint_id,
      })
    const id = state.checkpoint.checkpoint_id
    const before = kind === 'python' ? { configurable: { checkpoint_id: id } } : id
    expect((await threads.getHistory(thread, { limit: 100, before })).length).toBe(history.length - 1)
    const values = ask('noted').input
    await threads.updateState(thread, { values, asNode: 'answer' })
    expect((await threads.getState(thread)).values.messages.length).toBe(5)
    const forked = { checkpoint: state.parent_checkpoint }
    await threads.updateState(thread, { values, asNode: 'answer', ...forked })
    expect((await threads.getState(thread)).values.messages.at(-1).content).toBe('noted')
    const again = await runs.wait(thread, 'agent', ask('again', { checkpointId: id }))
    expect(again.messages.length).toBe(6)
  })

  it('a caller can start a run without a thread, and join it by the run id in the answer', async () => {
    const { runs } = alice()
    expect((await runs.wait(null, 'agent', ask('hi'))).messages.length).toBe(2)
    const created: { run_id: string }[] = []
    const onRunCreated = (run: { run_id: string }) => created.push(run)
    const parts = await collect(runs.stream(null, 'agent', ask('hi', { onRunCreated })))
    expect(parts[0]?.data.run_id).toBe(created[0]?.run_id)
    const batch = await (runs as unknown as { createBatch(payloads: object[]): Promise<object[]> }).createBatch([
      { assistantId: 'agent', ...ask('hi') },
      { assistantId: 'agent', ...ask('hi') },
    ])
    expect(batch.length).toBe(2)
    // Only a JavaScript server lets a run be joined that has no thread.
    if (kind === 'python') return
    const { run_id: run } = await runs.create(null, 'agent', ask('count to 10', { streamResumable: true }))
    expect(run).toMatch(/\.[\w-]{43}$/)
    expect(JSON.stringify(await collect(runs.joinStream(null, run, { lastEventId: '-1' })))).toContain('9 10')
    await expect(collect(bob().runs.joinStream(null, run))).rejects.toMatchObject({ status: 404 })
  })

  it('if a caller joins a run without a thread, Content-Location has the run id that the caller knows', async () => {
    if (kind === 'python') return
    const { run_id: run } = await alice().runs.create(null, 'agent', ask('count to 10', { streamResumable: true }))
    const { status, headers } = await stage.as('alice', kind)('GET', `/runs/${run}/stream`)
    expect([status, headers['content-location']]).toEqual([200, `/runs/${run}`])
  })

  it('each caller has separate namespaces in the LangGraph store, and can read the items page by page', async () => {
    const { store } = alice() as { store: Calls }
    const root = `notes-${crypto.randomUUID()}`
    for (const key of ['a', 'b', 'c']) await store.putItem!([root, key], key, { is: key })
    await bob().store.putItem!([root, 'z'], 'z', { is: 'z' })
    expect(await store.getItem!([root, 'a'], 'a')).toMatchObject({ namespace: [root, 'a'], value: { is: 'a' } })
    const pages = [0, 2].map((offset) => store.searchItems!([root], { limit: 2, offset }))
    const items = (await Promise.all(pages)).flatMap((page) => page.items)
    expect(items.map(({ key, namespace }) => [key, namespace]).toSorted()).toEqual(
      ['a', 'b', 'c'].map((key) => [key, [root, key]]),
    )
    const lists = [0, 2].map((offset) => store.listNamespaces!({ prefix: [root], limit: 2, offset }))
    const [first, second] = (await Promise.all(lists)).map(({ namespaces }) => namespaces)
    expect([first.length, second.length]).toEqual([2, 1])
    expect([...first, ...second].toSorted()).toEqual(['a', 'b', 'c'].map((key) => [root, key]))
    expect((await store.listNamespaces!({ prefix: [root], maxDepth: 1 })).namespaces).toEqual([[root]])
    expect((await store.listNamespaces!({ suffix: ['c'], prefix: [root] })).namespaces).toEqual([[root, 'c']])
    await store.deleteItem!([root, 'a'], 'a')
    expect((await store.searchItems!([root])).items.length).toBe(2)
    expect((await bob().store.searchItems!([root])).items).toMatchObject([{ key: 'z', namespace: [root, 'z'] }])
  })

  it('a caller who starts a run with threads.stream of the SDK owns the thread id that the SDK chose (X6)', async () => {
    const open = (client: WholeClient, ...id: string[]) =>
      (client.threads as unknown as { stream(...args: unknown[]): ThreadStream }).stream(...id, {
        assistantId: 'agent',
      })
    const thread = open(alice())
    await thread.run.start(ask('hi'))
    expect(JSON.stringify((await thread.output).messages.at(-1)?.content)).toContain('alice')
    await thread.close()
    expect((await alice().threads.get(thread.threadId)).thread_id).toBe(thread.threadId)
    expect(await statusOf(bob().threads.get(thread.threadId))).toBe(404)
    const other = open(bob(), thread.threadId)
    await expect(other.run.start(ask('hi'))).rejects.toThrow()
    await other.close().catch(() => undefined)
    expect((await alice().threads.getState(thread.threadId)).values.messages.length).toBe(2)
  })
})

it('an owner can use threads, runs, the store and crons by the Python SDK, and others get 404', async () => {
  const url = `${stage.world.gateway.url}/agents/python`
  const { thread, ...got } = await runPythonClients<{ thread: string }>(
    { url, headers: stage.headers.alice },
    'langgraph_threads_client.py',
  )
  expect(got).toEqual({
    chosen: true,
    stepped: 1,
    messages: [2, 6, 6, 2],
    events: ['metadata', 'values', 'metadata', 'values'],
    statuses: ['interrupted', 'success', 'success', 'success'],
    history: [true, 3, 3],
    changed: [7, 'red'],
    found: [3, 3],
    batch: 2,
    made: true,
    item: [true, { is: 'a' }],
    pages: ['a', 'b', 'c'],
    namespaces: [2, 1, ['a', 'b', 'c']],
    shallow: true,
    left: ['b', 'c'],
    crons: [true, 0],
  })
  expect(await statusOf(clientOf('bob', 'python').threads.get(thread))).toBe(404)
  expect(await statusOf(clientOf('namesake', 'python').threads.get(thread))).toBe(404)
})
