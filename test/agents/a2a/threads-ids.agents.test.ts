import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refused } from '../../support/refusal'
import { json } from '../../support/world'
import { type Headers, isDerived, signedThread } from '../caller-view'
import { type A2aClient, BINDINGS, clientOf } from './clients'
import { type A2aStage, inside, MARKED, openA2a, SERVERS, type Task, taskIn } from './stage'

let stage: A2aStage
let world: A2aStage['world']
let taps: A2aStage['taps']

beforeAll(async () => {
  stage = await openA2a()
  ;({ world, taps } = stage)
}, 300_000)
afterAll(() => stage?.close())

/** Where the `id` is a task's, or is none at all. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  '1.0': ['GetTask', 'CancelTask', 'SubscribeToTask', 'ListTaskPushNotificationConfigs'],
  '0.3': [
    'tasks/get',
    'tasks/cancel',
    'tasks/resubscribe',
    'tasks/pushNotificationConfig/get',
    'tasks/pushNotificationConfig/list',
    'tasks/pushNotificationConfig/delete',
  ],
}

describe.each(SERVERS.flatMap((name) => BINDINGS.map((binding) => [name, binding] as const)))(
  'unusual ids in requests to an A2A agent: %s, %s',
  (name, binding) => {
    const client = (): A2aClient => clientOf(binding, world.gateway, `/agents/${name}`)
    const begin = async (person: Headers = world.alice, more: object = {}) =>
      taskIn(await (await client().send(person, { text: 'ask swordfish', ...more })).text())
    const ask = (method: string, params: object, id: unknown = 1, person: Headers = world.bob) =>
      world.gateway.fetch(
        `/agents/${name}`,
        json({ jsonrpc: '2.0', id, method, params }, { 'a2a-version': binding.slice(-3), ...person }),
      )
    const stateOf = async (task: Task, person = world.alice) => (await client().get(person, task.id)).text()

    it('a context id that three people choose means a separate context for each person (X6)', async () => {
      const contextId = 'a "context"\n🚪'
      const seen: unknown[] = []
      for (const person of [world.alice, world.bob, world.namesake]) {
        const text = await (await client().send(person, { text: 'ask me', contextId })).text()
        expect(taskIn(text).contextId).toBe(contextId)
        seen.push(signedThread(taps[name].calls.at(-1)!))
      }
      expect(seen.every(isDerived)).toBe(true)
      expect(new Set(seen).size).toBe(3)
    })

    it('a context id that the caller chose and the sealed form of that id name the same context', async () => {
      const task = await begin(world.alice, { contextId: 'chosen' })
      const later = taskIn(await stateOf(task)).contextId
      expect(later).toMatch(MARKED)
      const seen: unknown[] = []
      for (const contextId of ['chosen', later]) {
        const text = await (await client().send(world.alice, { text: 'ask me', contextId })).text()
        expect(taskIn(text).contextId).toBe(contextId)
        seen.push(signedThread(taps[name].calls.at(-1)!))
      }
      expect(seen).toEqual([inside(later), inside(later)])
    })

    /** A JSON-RPC error has the status that agents give it. */
    const invalid = { status: binding.startsWith('JSONRPC') ? 200 : 400, code: 'body-invalid' }

    it('query parameters and positional JSON-RPC parameters cannot name a task (X6)', async () => {
      const [task, own] = [await begin(), await begin(world.bob)]
      const version = { 'a2a-version': binding.slice(-3) }
      for (const id of [task.id, inside(task.id)]) {
        const query = `?id=${id}&taskId=${id}&task_id=${id}&name=tasks/${id}`
        for (const path of [`/tasks/${own.id}`, `/v1/tasks/${own.id}`]) {
          const where = `/agents/${name}${path}${query}`
          const reply = await world.gateway.fetch(where, { headers: { ...version, ...world.bob } })
          const text = await reply.text()
          if (reply.ok) expect(taskIn(text).id).toBe(own.id)
          expect(text).not.toContain(inside(task.id))
        }
        for (const params of [[id], [{ id }], id]) {
          const body = { jsonrpc: '2.0', id: 1, method: 'GetTask', params }
          const reply = await world.gateway.fetch(`/agents/${name}`, json(body, { ...version, ...world.bob }))
          expect(await refused(reply)).toEqual({ status: 200, code: 'body-invalid' })
        }
      }
    })

    it.each([[7], [{ id: 't1' }], [true], [[7]]])(
      'the malformed task or context id %j is refused with code body-invalid (X6)',
      async (id) => {
        const count = taps[name].calls.length
        for (const more of [{ taskId: id }, { contextId: id }, { task_id: id }, { context_id: id }]) {
          const reply = await client().send(world.bob, { text: 'x', ...more })
          expect(await refused(reply)).toEqual(invalid)
        }
        expect(taps[name].calls.length).toBe(count)
      },
    )

    if (binding.startsWith('JSONRPC'))
      it('an A2A request that names a task in a second member beside id is refused (X6, X15)', async () => {
        const [task, own] = [await begin(), await begin(world.bob)]
        await (await client().setPush(world.alice, task.id, stage.hook)).text()
        const decoys = ['', own.id].flatMap((id) => [
          ...['taskId', 'task_id', 'taskid', 'task-id', 'TASKID', 'ID', 'Id'].map((name) => ({ [name]: id })),
          { name: `tasks/${id}` },
          { parent: `tasks/${id}` },
        ])
        const count = taps[name].calls.length
        for (const method of METHODS[binding.slice(-3)] ?? [])
          for (const decoy of decoys)
            for (const id of [task.id, inside(task.id)]) {
              const reply = await ask(method, { id, ...decoy })
              expect([method, decoy, await refused(reply)]).toEqual([method, decoy, invalid])
            }
        expect(taps[name].calls.length).toBe(count)
        expect(await stateOf(task)).toMatch(/input.required/i)
      })

    if (binding.startsWith('JSONRPC'))
      it('a JSON-RPC request id that is an object, list or true is refused (X6, X15)', async () => {
        const [task, own] = [await begin(), await begin(world.bob)]
        const method = METHODS[binding.slice(-3)]?.[0] ?? ''
        for (const id of [{ taskId: inside(task.id) }, [{ taskId: inside(task.id) }], true]) {
          for (const asked of [own.id, 'x'])
            expect(await refused(await ask(method, { id: asked }, id))).toEqual(invalid)
        }
        for (const id of ['a', 0, null]) expect((await ask(method, { id: own.id }, id)).status).toBe(200)
      })

    it('a message with 101 ids or with an id of 301 characters is refused (X15)', async () => {
      for (const more of [
        { referenceTaskIds: Array.from({ length: 101 }, () => 'a') },
        { taskId: 'a'.repeat(301) },
        { contextId: 'a'.repeat(301) },
      ])
        expect(await refused(await client().send(world.bob, { text: 'x', ...more }))).toEqual(invalid)
      for (const more of [{ referenceTaskIds: Array.from({ length: 99 }, () => 'a') }, { contextId: 'a'.repeat(256) }])
        expect((await client().send(world.bob, { text: 'x', ...more })).ok).toBe(true)
    })

    it('a message with two spellings of one id member is refused (X6)', async () => {
      const [task, own] = [await begin(), await begin(world.bob)]
      for (const id of [task.id, inside(task.id)])
        for (const more of [
          { taskId: own.id, task_id: id },
          { taskId: '', TaskId: id },
          { contextId: 'c', context_id: id },
          { referenceTaskIds: [], reference_task_ids: [id] },
        ])
          expect(await refused(await client().send(world.bob, { text: 'mallory', ...more }))).toEqual(invalid)
    })

    it('the gateway replaces ids in snake_case, escaped and repeated members (X6)', async () => {
      const task = await begin()
      const version = { ...world.bob, 'a2a-version': '1.0' }
      const message = `"messageId":"m1","role":"ROLE_USER","parts":[{"text":"mallory"}]`
      for (const id of [task.id, inside(task.id)]) {
        for (const members of [
          `"task_id":"${id}"`,
          String.raw`"\u0074askId":"${id}"`,
          `"taskId":"x","taskId":"${id}"`,
          `"context_id":"${inside(task.contextId)}"`,
          `"reference_task_ids":["${id}"]`,
        ]) {
          const body = `{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":{${message},${members}}}}`
          expect(await (await world.gateway.fetch(`/agents/${name}`, json(body, version))).text()).not.toContain(
            'swordfish',
          )
          expect(JSON.stringify(taps[name].calls.at(-1)?.body)).not.toContain(inside(task.id))
        }
      }
      expect(await stateOf(task)).not.toContain('mallory')
    })
  },
)
