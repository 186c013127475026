import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { refused } from '../support/refusal'
import { json } from '../support/world'
import { type A2aClient, BINDINGS, clientOf } from './threads-a2a-clients'
import { type A2aStage, inside, openA2a, SERVERS, type Task, taskIn } from './threads-a2a-stage'
import { type Headers, isDerived, signedThread } from './threads-people'

let stage: A2aStage
let people: A2aStage['people']
let taps: A2aStage['taps']

beforeAll(async () => {
  stage = await openA2a()
  ;({ people, taps } = stage)
}, 300_000)
afterAll(() => stage?.close())

describe.each(SERVERS.flatMap((name) => BINDINGS.map((binding) => [name, binding] as const)))(
  'ids as nobody should write them, to an A2A agent: %s, %s',
  (name, binding) => {
    const client = (): A2aClient => clientOf(binding, people.gateway, `/agents/${name}`)
    const begin = async (person: Headers = people.alice, more: object = {}) =>
      taskIn(await (await client().send(person, { text: 'ask swordfish', ...more })).text())
    const stateOf = async (task: Task, person = people.alice) => (await client().get(person, task.id)).text()

    it('X6: a context of a caller’s own choice is another one for each, and comes back to the letter', async () => {
      const contextId = 'a "context"\n🚪'
      const seen: unknown[] = []
      for (const person of [people.alice, people.bob, people.namesake]) {
        const text = await (await client().send(person, { text: 'ask me', contextId })).text()
        expect(taskIn(text).contextId).toBe(contextId)
        seen.push(signedThread(taps[name].calls.at(-1)!))
      }
      expect(seen.every(isDerived)).toBe(true)
      expect(new Set(seen).size).toBe(3)
    })

    it('X6: finds no task by a query, nor by parameters without names', async () => {
      const [task, own] = [await begin(), await begin(people.bob)]
      const version = { 'a2a-version': binding.slice(-3) }
      for (const id of [task.id, inside(task.id)]) {
        const query = `?id=${id}&taskId=${id}&task_id=${id}&name=tasks/${id}`
        for (const path of [`/tasks/${own.id}`, `/v1/tasks/${own.id}`]) {
          const where = `/agents/${name}${path}${query}`
          const reply = await people.gateway.fetch(where, { headers: { ...version, ...people.bob } })
          const text = await reply.text()
          if (reply.ok) expect(taskIn(text).id).toBe(own.id)
          expect(text).not.toContain(inside(task.id))
        }
        for (const params of [[id], [{ id }], id]) {
          const body = { jsonrpc: '2.0', id: 1, method: 'GetTask', params }
          const reply = await people.gateway.fetch(`/agents/${name}`, json(body, { ...version, ...people.bob }))
          expect(await refused(reply)).toEqual({ status: 400, code: 'body-invalid' })
        }
      }
    })

    it.each([[7], [{ id: 't1' }], [true], [[7]]])('X6: what is no id is refused: %j', async (id) => {
      const count = taps[name].calls.length
      for (const more of [{ taskId: id }, { contextId: id }, { task_id: id }, { context_id: id }]) {
        const reply = await client().send(people.bob, { text: 'x', ...more })
        expect(await refused(reply)).toEqual({ status: 400, code: 'body-invalid' })
      }
      expect(taps[name].calls.length).toBe(count)
    })

    it('X6: a member in snake_case is an id as well, and the last of two members counts', async () => {
      const task = await begin()
      const version = { ...people.bob, 'a2a-version': '1.0' }
      const message = `"messageId":"m1","role":"ROLE_USER","parts":[{"text":"mallory"}]`
      for (const id of [task.id, inside(task.id)]) {
        for (const members of [
          `"task_id":"${id}"`,
          `"taskId":"","task_id":"${id}"`,
          String.raw`"\u0074askId":"${id}"`,
          `"taskId":"x","taskId":"${id}"`,
          `"context_id":"${inside(task.contextId)}"`,
          `"reference_task_ids":["${id}"]`,
        ]) {
          const body = `{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":{${message},${members}}}}`
          expect(await (await people.gateway.fetch(`/agents/${name}`, json(body, version))).text()).not.toContain(
            'swordfish',
          )
          expect(JSON.stringify(taps[name].calls.at(-1)?.body)).not.toContain(inside(task.id))
        }
      }
      expect(await stateOf(task)).not.toContain('mallory')
    })
  },
)
