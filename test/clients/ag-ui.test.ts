import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { root } from '../support/build'
import { type AgUiClient, type AgUiEvent, loadClients } from '../support/clients'
import { eventually } from '../support/eventually'
import { bearer, forge, routeOf } from '../support/fixtures'
import { ready } from '../support/packages'
import { freePort } from '../support/port'
import { chunk, head, startWireOrigin, type WireOrigin } from '../support/wire'
import { openWorld, type World } from '../support/world'

let client: AgUiClient
let agent: { url: string; close(): Promise<void> }
let world: World
let cutting: WireOrigin
/** The agent's own words about its runs. */
const log: string[] = []

beforeAll(async () => {
  // The client prints every failure that it also reports.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  await ready('examples/ag-ui-agent')
  client = (await loadClients()).agUi
  const { startAgent } = await import(pathToFileURL(path.join(root, 'examples/ag-ui-agent/agent.ts')).href)
  agent = await startAgent({ log: (line: string) => log.push(line) })
  cutting = await startWireOrigin((socket) => {
    socket.write(head('200 OK', { 'content-type': 'text/event-stream', 'transfer-encoding': 'chunked' }))
    socket.write(chunk('data: {"type":"RUN_STARTED","threadId":"t1","runId":"r1"}\n\n'))
    socket.end(chunk('data: {"type":"TEXT_MESSAGE_START","messageId":"m1","ro'))
  })
  const gone = `http://127.0.0.1:${await freePort()}`
  const admins = { allow: [{ name: 'admins', operations: ['*'], when: { role: 'admin' } }] }
  const examples = [
    { as: { roles: ['admin'] }, does: 'run.stream', expect: 'allow' },
    { as: {}, does: 'run.stream', expect: 'deny' },
  ] as const
  world = await openWorld(({ trust }) => {
    const route = (id: string, url: string, more: object) =>
      routeOf({ kind: 'ag-ui', origin: { url } }, trust, { id, path: `/agents/${id}`, ...more })
    const state = { identity: { state: { key: 'auth_user' } } }
    return [
      route('ag-ui', agent.url, state),
      route('shared', agent.url, { ...state, threads: 'shared' }),
      route('heartbeats', agent.url, { ...state, limits: { heartbeatSeconds: 1 } }),
      route('admins', agent.url, { ...state, policies: [{ id: 'admins', ...admins, examples }] }),
      route('gone', gone, state),
      route('cut-reading', cutting.url, state),
      // Ids that are to be put back would have to be read for.
    ]
  })
}, 300_000)
afterAll(async () => {
  await world?.close()
  await agent?.close()
  await cutting?.close()
})

const through = (headers: Record<string, string> = world.alice, route = 'ag-ui') =>
  new client.HttpAgent({ url: `${world.gateway.url}/agents/${route}`, threadId: 't1', headers })
const direct = () => new client.HttpAgent({ url: agent.url, threadId: 't1' })
type Agent = ReturnType<typeof direct>

const ask = (its: Agent, content: string) => its.addMessage({ id: 'q1', role: 'user', content })

/** Runs the agent; gives every event that the client made of the stream. */
async function run(its: Agent, content: string): Promise<AgUiEvent[]> {
  const events: AgUiEvent[] = []
  ask(its, content)
  await its.runAgent({ runId: 'r1' }, { onEvent: ({ event }) => void events.push(event) })
  return events
}

/** The client's report to its subscribers when a run fails. */
async function failure(its: Agent): Promise<{ message: string; status?: number; payload?: Record<string, unknown> }> {
  const told: Error[] = []
  ask(its, 'hello')
  const thrown = await its.runAgent({}, { onRunFailed: ({ error }) => void told.push(error) }).catch((error) => error)
  expect(told).toEqual([thrown])
  return thrown
}

const withoutIds = (events: readonly AgUiEvent[]) => events.map(({ messageId, timestamp, ...event }) => event)

describe('@ag-ui/client through the gateway', () => {
  it('@ag-ui/client gets the same events in the same order as without the gateway', async () => {
    const [near, far] = [await run(direct(), 'count to 8'), await run(through(world.alice, 'shared'), 'count to 8')]
    expect(withoutIds(far)).toEqual(withoutIds(near))
    expect(far.map(({ type }) => type)).toEqual([
      'RUN_STARTED',
      'STATE_SNAPSHOT',
      'TEXT_MESSAGE_START',
      ...Array(8).fill('TEXT_MESSAGE_CONTENT'),
      'TEXT_MESSAGE_END',
      'RUN_FINISHED',
    ])
  })

  it('the agent knows the person who uses @ag-ui/client, and events do not contain the identity', async () => {
    const its = through(world.alice, 'shared')
    const events = await run(its, 'hello')
    expect(its.messages.at(-1)?.content).toMatch(/^Hello Alice Admin\. The gateway says you are alice \(roles: admin/)
    expect(JSON.stringify(events.map(({ delta, ...event }) => event))).not.toMatch(/auth_user|alice/i)
    expect(its.state).toEqual({ turns: 1 })
  })

  it('@ag-ui/client keeps its state over two runs, and the gateway replaces a forged identity in it', async () => {
    const its = through(world.bob)
    its.setState({ theme: 'dark', auth_user: { user_id: 'root' }, 'Auth-User': { user_id: 'root' } })
    await run(its, 'hello')
    await run(its, 'hello again')
    const answers = its.messages.filter(({ role }) => role === 'assistant').map(({ content }) => content)
    expect(answers).toEqual([expect.stringContaining('you are bob'), expect.stringContaining('you are bob')])
    expect(its.state).toMatchObject({ theme: 'dark', turns: 3, auth_user: { user_id: 'bob' } })
    expect(Object.keys(its.state)).toHaveLength(3)
  })

  it('two people who use @ag-ui/client at once run the agent under separate identities', async () => {
    const both = [through(world.alice), through(world.bob)]
    await Promise.all(both.map((its) => run(its, 'hello')))
    expect(both.map((its) => /you are (\w+)/.exec(its.messages.at(-1)?.content ?? '')?.[1])).toEqual(['alice', 'bob'])
  })

  it('@ag-ui/client reports 401 with status and payload for a missing and for an expired token', async () => {
    expect(await failure(through({}))).toMatchObject({ status: 401, payload: { code: 'token-missing', status: 401 } })
    const expired = bearer(await forge(world.provider, { claims: { exp: 1 } }))
    expect(await failure(through(expired))).toMatchObject({ status: 401, payload: { code: 'token-expired' } })
  })

  it('@ag-ui/client reports 403 with status and payload for a run that the policy denies', async () => {
    expect(await failure(through(world.bob, 'admins'))).toMatchObject({
      status: 403,
      payload: { code: 'policy-denied' },
    })
    await run(through(world.alice, 'admins'), 'hello')
  })

  it('@ag-ui/client reports 502 for an agent that is not running', async () => {
    const fault = { status: 502, payload: { code: 'origin-unreachable' } }
    expect(await failure(through(world.alice, 'gone'))).toMatchObject(fault)
  })

  it('@ag-ui/client reports a broken stream by the RUN_ERROR event that the gateway adds', async () => {
    const its = through(world.alice, 'cut-reading')
    const told: AgUiEvent[] = []
    ask(its, 'hello')
    await its.runAgent({}, { onRunErrorEvent: ({ event }) => void told.push(event) }).catch(() => undefined)
    expect(told).toMatchObject([{ type: 'RUN_ERROR', code: 'origin-cut' }])
  })

  it.each([
    ['while the agent streams', 'ag-ui', 'count to 100'],
    ['while the agent is silent, at the next heartbeat', 'heartbeats', 'be silent for 30 seconds'],
  ])('the agent stops when @ag-ui/client aborts the run %s (F10)', async (_when, route, question) => {
    log.length = 0
    const its = through(world.alice, route)
    ask(its, question)
    const running = its.runAgent({ runId: 'r9' }).catch(() => undefined)
    // The agent knows the run by an id that is its caller's alone.
    const started = () => /^run ([0-9a-f-]{36}) started$/m.exec(log.join('\n'))?.[1]
    await eventually('the run has started', () => started() !== undefined)
    const id = started()
    its.abortRun()
    await eventually('the run has stopped', () => log.includes(`run ${id} stopped: the client left`))
    await running
  })
})
