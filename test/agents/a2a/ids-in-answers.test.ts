import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { type RecordingOrigin, startOrigin } from '../../support/origin'
import { refused } from '../../support/refusal'
import { json, openWorld, type World } from '../../support/world'

let agent: RecordingOrigin
let world: World

beforeAll(async () => {
  agent = await startOrigin()
  const operations = ['message.*', 'task.*', 'push.*']
  world = await openWorld(({ trust }) => [routeOf({ kind: 'a2a', origin: { url: agent.url }, operations }, trust)])
})
afterAll(async () => {
  await world?.close()
  await agent?.close()
})

const JSON_TYPE = 'application/json'
const answering = (answer: (body: string) => string, type = JSON_TYPE) =>
  agent.handle((_request, response, body) => {
    response.writeHead(200, { 'content-type': type })
    response.end(answer(body))
  })
const post = (path: string, body: unknown, who = world.alice) =>
  world.gateway.fetch(`/agents/a2a${path}`, typeof body === 'string' ? { ...json({}, who), body } : json(body, who))
const call = (method: string, params: object, id: unknown = 1) => ({ jsonrpc: '2.0', id, method, params })
const MARK = /([\w-]+)\.[\w-]{43}/g
const withoutMarks = (text: string) => text.replace(MARK, '$1')
const message = { messageId: 'm', role: 'ROLE_USER', parts: [] }

describe('ids in an answer of an A2A agent', () => {
  const task =
    String.raw`{ "kind":"task", "artifacts" : [ {"parts":[{"data":{"n":12345678901234567890,"f":1.0,"e":1e2,"id":"t1"},"text":"t1 \"taskId\":\"t1\" \\"}]} ],
    "id" : "t1", "contextId":"c1" ,"status":{"state":"completed","message":{"messageId":"t1","taskId":"\u00741","parts":[]}},
    "history":[{"taskId":"t1","referenceTaskIds":["t0","t1"],"metadata":{"taskId":"t1"}}], "metadata":{"id":"t1"}, "\u{1f6aa}":[-0, []] }`.replace(
      '\\u{1f6aa}',
      '🚪',
    )
  const marked = (text: string) => [...text.matchAll(MARK)].map(([, id]) => id)

  it.each([
    ['GetTask', (result: string) => `{"jsonrpc":"2.0", "id":1e0,"result":${result}}`],
    ['SendMessage', (result: string) => `{"jsonrpc":"2.0","id":1.0,"result":{"task" : ${result}}}`],
    ['message/send', (result: string) => `\n{"result":${result},"id":1.0,"jsonrpc":"2.0"}`],
  ])('the gateway seals ids in answers to %s and changes nothing else', async (method, around) => {
    answering(() => around(task))
    const text = await (await post('/', call(method, method === 'GetTask' ? { id: 'x' } : { message }))).text()
    expect(withoutMarks(text)).toBe(around(task).replace(String.raw`\u00741`, 't1'))
    expect(marked(text)).toEqual(['t1', 'c1', 't1', 't1', 't0', 't1'])
  })

  it('the gateway seals task and context ids in every event of a stream', async () => {
    const event = `{"jsonrpc":"2.0","id":1.0,"result":{"statusUpdate":{"taskId":"t1","contextId":"c1","n":[1.0]}}}`
    answering(() => `id: 1\ndata: ${event}\n\ndata: ${event}\n\n`, 'text/event-stream')
    const text = await (await post('/', call('SendStreamingMessage', { message }))).text()
    expect(withoutMarks(text)).toBe(`id: 1\ndata: ${event}\n\ndata: ${event}\n\n`)
    expect(marked(text)).toEqual(['t1', 'c1', 't1', 'c1'])
  })

  it('the gateway seals an id in an answer with two million escaped characters', async () => {
    const text = '\n'.repeat(2_000_000)
    answering(() => JSON.stringify({ jsonrpc: '2.0', id: 1, result: { task: { history: [{ text }], id: 't1' } } }))
    const reply = await (await post('/', call('SendMessage', { message }))).json()
    expect(reply).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: { task: { history: [{ text }], id: expect.stringMatching(/^t1\..{43}$/) } },
    })
  })

  it('a task and a context with the same id from the agent get different seals (X6)', async () => {
    answering(() => JSON.stringify({ jsonrpc: '2.0', id: 1, result: { task: { id: 'same', contextId: 'same' } } }))
    const { result } = await (await post('/', call('SendMessage', { message }))).json()
    const { id: taskId, contextId } = result.task
    expect(taskId).not.toBe(contextId)
    await post('/', call('SendMessage', { message: { ...message, taskId, contextId } }))
    expect(JSON.parse(agent.last().body).params.message).toMatchObject({ taskId: 'same', contextId: 'same' })
  })
})

describe('answers that repeat the request (X6, X15)', () => {
  const status = { state: 'completed' }
  const spoken = { id: 'victim', taskId: 'victim', contextId: 'victim', status, name: 'tasks/victim' }
  const inMessage = { ...message, ...spoken, metadata: spoken, parts: [{ data: spoken }], extra: [spoken] }
  /** How the answer is made of the request. */
  const REPEATING: readonly [string, (body: { id: unknown; params?: { message?: object } }) => object][] = [
    ['the parameters', ({ id, params }) => ({ jsonrpc: '2.0', id, result: params })],
    ['the message as the result', ({ id, params }) => ({ jsonrpc: '2.0', id, result: params?.message ?? {} })],
    [
      'the message inside the result',
      ({ id, params }) => ({ jsonrpc: '2.0', id, result: { message: params?.message } }),
    ],
    [
      'the parameters in an error',
      ({ id, params }) => ({ jsonrpc: '2.0', id, error: { code: 1, message: '', data: params } }),
    ],
    ['the parameters at the top level', ({ params, id }) => ({ ...params, jsonrpc: '2.0', id })],
    ['the whole body', (body) => body],
  ]
  const ASKED: readonly [string, object][] = [
    ['SendMessage', { message: inMessage, extra: spoken }],
    ['SendMessage', { message: { ...inMessage, kind: 'message' } }],
    ['SendMessage', { message: { ...inMessage, kind: 'task' } }],
    ['SendMessage', { message: { ...inMessage, task: spoken } }],
    ['SendMessage', { message, task: spoken }],
    ['SendMessage', { message, statusUpdate: spoken }],
    ['SendMessage', { message, ...spoken, kind: 'task' }],
    ['message/send', { message: { ...inMessage, kind: 'status-update' } }],
    ['GetTask', spoken],
    ['GetTask', { id: 'victim', status }],
    ['CancelTask', { id: 'victim', status, history: [spoken] }],
    ['CreateTaskPushNotificationConfig', { taskId: 'mine', id: 'victim', configs: [spoken], status }],
    ['tasks/pushNotificationConfig/set', { taskId: 'mine', pushNotificationConfig: spoken }],
  ]

  it.each(REPEATING)(
    'if the answer of the agent repeats %s, the gateway seals no id that the caller sent in the request',
    async (_, repeating) => {
      answering((body) => JSON.stringify(repeating(JSON.parse(body))))
      for (const [method, params] of ASKED) {
        for (const id of [1, 'victim', { ...spoken }, [spoken]]) {
          const text = await (await post('/', call(method, params, id))).text()
          expect([method, text]).toEqual([method, expect.not.stringMatching(/victim\.[\w-]{43}/)])
        }
      }
    },
  )

  it.each([
    '/message:send',
    '/v1/message:send',
    '/tasks/mine:cancel',
    '/v1/tasks/mine:cancel',
    '/tasks/mine:subscribe',
    '/tasks/mine/pushNotificationConfigs',
    '/v1/tasks/mine/pushNotificationConfigs',
  ])('the gateway seals no id if the agent answers a request to %s with the body of that request', async (path) => {
    answering((body) => body)
    for (const body of [...ASKED.map(([, params]) => params), { ...spoken }, { configs: [spoken], config: spoken }]) {
      const text = await (await post(path, body)).text()
      expect(text).not.toMatch(/victim\.[\w-]{43}/)
    }
  })
})

describe('requests to an A2A agent', () => {
  it('a request with too many ids is refused within two seconds (X15)', async () => {
    answering(() => '{}')
    const before = agent.received.length
    const ids = Array.from({ length: 900_000 }, () => 'a')
    for (const referenceTaskIds of [ids, ids.slice(0, 101)]) {
      const began = performance.now()
      const reply = await post('/', call('SendMessage', { message: { ...message, referenceTaskIds } }))
      expect(await refused(reply)).toEqual({ status: 200, code: 'body-invalid' })
      expect(performance.now() - began).toBeLessThan(2000)
    }
    const more = Array.from({ length: 60 }, () => ({ taskId: 'a', contextId: 'b' }))
    expect(await refused(await post('/message:send', { message, more }))).toEqual({ status: 400, code: 'body-invalid' })
    expect(agent.received.length).toBe(before)
  })

  it('request members named constructor and toString reach the agent unchanged', async () => {
    answering(() => '{}')
    const body = '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"x","constructor":{},"toString":[]}}'
    expect((await post('/', body)).status).toBe(200)
    expect(agent.last().body).toContain('"constructor":{},"toString":[]')
  })

  it('the claim thread_id of an assertion never has the id of a push configuration (X6)', async () => {
    answering(() => '{}')
    for (const more of [{ taskId: 'mine' }, {}, { task_id: 'mine' }]) {
      await post('/', call('CreateTaskPushNotificationConfig', { id: 'victim', ...more }))
      const [, claims = ''] = String(agent.last().headers['x-sallyport-assertion']).split('.')
      expect(JSON.parse(Buffer.from(claims, 'base64url').toString()).thread_id).not.toBe('victim')
    }
  })
})
