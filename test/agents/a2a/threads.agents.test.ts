import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { json } from '../../support/world'
import { type Headers, shown, signedThread } from '../caller-view'
import { type A2aClient, BINDINGS, clientOf } from './clients'
import { type A2aStage, foreign, inside, MARKED, madeUp, openA2a, SERVERS, type Task, taskIn } from './stage'

let stage: A2aStage
let world: A2aStage['world']
let taps: A2aStage['taps']
let hook: string

beforeAll(async () => {
  stage = await openA2a()
  ;({ world, taps, hook } = stage)
}, 300_000)
afterAll(() => stage?.close())

describe.each(SERVERS.flatMap((name) => BINDINGS.map((binding) => [name, binding] as const)))(
  'tasks of an A2A agent: %s, %s',
  (name, binding) => {
    const client = (): A2aClient => clientOf(binding, world.gateway, `/agents/${name}`)
    const begin = async (person: Headers = world.alice, more: object = {}) =>
      taskIn(await (await client().send(person, { text: 'ask swordfish', ...more })).text())
    const stateOf = async (task: Task, person = world.alice) => (await client().get(person, task.id)).text()

    it('a caller gets sealed task and context ids and continues the task with these ids', async () => {
      const task = await begin()
      expect(task).toMatchObject({ id: expect.stringMatching(MARKED), contextId: expect.stringMatching(MARKED) })
      const reply = await client().send(world.alice, { text: 'halibut', taskId: task.id, contextId: task.contextId })
      const text = await reply.text()
      expect(text).toMatch(/heard.*swordfish.*halibut/)
      expect(taskIn(text)).toMatchObject({ id: task.id, contextId: task.contextId })
      expect(text).not.toMatch(/"(?:taskId|contextId)":"[0-9a-f-]{36}"/)
      expect(signedThread(taps[name].calls.at(-1)!)).toBe(inside(task.contextId))
    })

    it.each(['get', 'cancel', 'subscribe', 'listPush'] as const)(
      'a %s request for another person’s task gets the same answer as for an unknown task (X6, X15)',
      async (operation) => {
        const task = await begin()
        await (await client().setPush(world.alice, task.id, hook)).text()
        expect(await (await client().listPush(world.alice, task.id)).text()).toContain(hook)
        const ask = (person: Headers, id: string) => client()[operation](person, id)
        const unknown = madeUp()
        const nothing = await shown(await ask(world.bob, unknown), unknown, inside(unknown))
        for (const [person, id] of foreign(world, task.id)) {
          const answer = await shown(await ask(person, id), id, inside(task.id))
          expect(JSON.stringify(answer)).not.toMatch(/swordfish|127\.0\.0\.1/)
          expect(answer).toEqual(nothing)
        }
        expect(await stateOf(task)).toMatch(/input.required/i)
      },
    )

    it('no message reaches another person’s task or reveals that it exists (X6, X15)', async () => {
      const task = await begin()
      const told = async (person: Headers, taskId: string, more: object = {}) =>
        shown(await client().send(person, { text: 'mallory', taskId, ...more }), taskId)
      const nothing = await told(world.bob, madeUp())
      for (const [person, id] of foreign(world, task.id)) {
        expect(await told(person, id)).toEqual(nothing)
        const text = JSON.stringify(await told(person, id, { contextId: task.contextId }))
        expect(text).not.toContain('swordfish')
      }
      expect(await stateOf(task)).not.toContain('mallory')
    })

    it('only the owner of a context id can continue its conversation (X6)', async () => {
      const { contextId } = await begin()
      const hear = async (person: Headers, id: string) =>
        (await client().send(person, { text: 'halibut', contextId: id })).text()
      expect(await hear(world.alice, contextId)).toContain('swordfish')
      for (const [person, id] of foreign(world, contextId)) expect(await hear(person, id)).not.toContain('swordfish')
    })

    // The protocol buffers of 0.3 have no such member, so its REST binding drops it.
    if (binding !== 'HTTP+JSON 0.3')
      it('a message cannot read another person’s task through referenceTaskIds (X6)', async () => {
        const task = await begin()
        const refer = async (person: Headers, ids: string[]) =>
          (await client().send(person, { text: 'look', referenceTaskIds: ids })).text()
        expect(await refer(world.alice, [task.id])).toContain('swordfish')
        for (const [person, id] of foreign(world, task.id)) expect(await refer(person, [id])).not.toContain('swordfish')
      })

    it('the owner of a task can subscribe to it and cancel it', async () => {
      const task = await begin()
      const stream = await client().subscribe(world.alice, task.id)
      const reader = stream.body!.getReader()
      const first = new TextDecoder().decode((await reader.read()).value)
      await reader.cancel()
      expect(first).toContain(`"${task.id}"`)
      expect(first).toContain('swordfish')
      expect(await (await client().cancel(world.alice, task.id)).text()).toMatch(/cancell?ed/i)
      expect(await stateOf(task)).toMatch(/cancell?ed/i)
    })

    it('a caller cannot set a push address for another person’s task (X6)', async () => {
      const [task, own] = [await begin(), await begin(world.bob)]
      for (const [person, id] of foreign(world, task.id))
        await (await client().setPush(person, id, `${hook}/theirs`)).text()
      // A path of the caller's own, and another's task in the body.
      const paths = [`/agents/${name}/tasks/${own.id}/pushNotificationConfigs`]
      paths.push(`/agents/${name}/v1/tasks/${own.id}/pushNotificationConfigs`)
      for (const path of paths) {
        for (const id of [task.id, inside(task.id)]) {
          const resource = `tasks/${id}/pushNotificationConfigs/c2`
          const pushNotificationConfig = { id: 'c2', url: hook }
          const config = { name: resource, pushNotificationConfig }
          const all = { id: 'c2', url: hook, parent: `tasks/${id}`, config, pushNotificationConfig, configId: 'c2' }
          const version = { 'a2a-version': binding.slice(-3) }
          for (const spelling of ['taskId', 'task_id', 'name']) {
            const body = { ...all, [spelling]: spelling === 'name' ? resource : id }
            await (await world.gateway.fetch(path, json(body, { ...world.bob, ...version }))).text()
          }
        }
      }
      expect(await (await client().listPush(world.alice, task.id)).text()).not.toContain('127.0.0.1')
      stage.hooked.length = 0
      await (await client().send(world.alice, { text: 'halibut', taskId: task.id, contextId: task.contextId })).text()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(stage.hooked.filter((text) => text.includes(inside(task.id)))).toEqual([])
    })

    it('a push configuration shows its owner only the sealed task id (X6)', async () => {
      const task = await begin()
      for (const reply of [
        await client().setPush(world.alice, task.id, hook),
        await client().listPush(world.alice, task.id),
      ]) {
        const text = await reply.text()
        expect(text).toContain(task.id)
        expect(text.replaceAll(task.id, '')).not.toContain(inside(task.id))
      }
    })

    it('every event of a stream has sealed task and context ids', async () => {
      const text = await (await client().stream(world.alice, { text: 'swordfish' })).text()
      expect(text).toContain('heard')
      const ids = [...text.matchAll(/"(?:id|taskId|contextId)": ?"([^"]{36,})"/g)].map(([, id]) => id)
      expect(ids.length).toBeGreaterThan(4)
      for (const id of ids) expect(id).toMatch(MARKED)
      expect(new Set(ids).size).toBe(2)
    })
  },
)
