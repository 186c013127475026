import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Kind, kinds, type LangGraphStage, type Raw } from './stage'
import { run, type Things } from './threads-things'
import { bobAt, naming, openWithThings, statusesOf, type Try } from './threads-tries'

let stage: LangGraphStage
let things: Record<Kind, Things>

beforeAll(async () => {
  ;({ stage, things } = await openWithThings())
}, 600_000)
afterAll(() => stage?.close())

describe.each(kinds)('thread ids of another person, %s server (X6)', (kind) => {
  const alice = () => things[kind]
  const bob = () => bobAt(stage, kind)

  it.each([
    ['a run', '/threads/{own}/runs/wait', run('hi')],
    ['a run without a thread', '/runs/wait', run('hi')],
    ['a change of state', '/threads/{own}/state', { values: { messages: [] }, as_node: 'answer' }],
    ['a request for the history', '/threads/{own}/history', { limit: 10 }],
    ['a request for a state', '/threads/{own}/state/checkpoint', { checkpoint: {} }],
    ['a request for events', '/threads/{own}/stream/events', { channels: ['values', 'messages'] }],
  ])('a person cannot reach the thread of another person by ids in the body of %s', async (_what, path, body) => {
    const seconds = path.endsWith('events') ? 0.3 : 10
    const tries = naming(alice()).map(async ([what, more]): Promise<Try> => {
      const at = path.replace('{own}', await bob().own())
      return [what, 'POST', at, { ...body, ...more }, seconds]
    })
    const heard = await bob().tries(alice(), await Promise.all(tries))
    for (const { headers } of Object.values(heard)) expect(JSON.stringify(headers)).not.toContain(alice().thread)
  })

  it.each(['run.start', 'input.respond', 'state.get', 'agent.getTree', 'subscription.subscribe'])(
    'a person cannot reach the thread of another person by ids in the parameters of the command %s',
    async (method) => {
      const tries = naming(alice()).map(async ([what, more]): Promise<Try> => {
        const params = { ...run('hi'), keys: ['messages'], channels: ['values'], responses: [], ...more }
        return [what, 'POST', `/threads/${await bob().own()}/commands`, { id: 1, method, ...more, params }]
      })
      await bob().tries(alice(), await Promise.all(tries))
    },
  )

  it('a person cannot reach the thread of another person by repeated or escaped members', async () => {
    const { thread, checkpoint } = alice()
    const mine = await bob().own()
    const raw = (text: string): Raw => ({ raw: text })
    const start = '"assistant_id":"agent","input":{"messages":[{"role":"user","content":"hi"}]}'
    const spelt = '"\\u0074hread_id"'
    await bob().tries(alice(), [
      ['twice', 'POST', `/threads/${mine}/runs/wait`, raw(`{${start},"thread_id":"${mine}","thread_id":"${thread}"}`)],
      [
        'escaped',
        'POST',
        `/threads/${mine}/runs/wait`,
        raw(`{${start},${spelt}:"${thread}","config":{"configurable":{${spelt}:"${thread}"}}}`),
      ],
      [
        'two configurations',
        'POST',
        `/threads/${mine}/runs/wait`,
        raw(`{${start},"config":{"configurable":{"thread_id":"${thread}"}},"config":{"configurable":{}}}`),
      ],
      [
        'checkpoint',
        'POST',
        `/threads/${mine}/state/checkpoint`,
        raw(`{"checkpoint":{${spelt}:"${thread}","checkpoint_id":"${checkpoint}"}}`),
      ],
      ['created', 'POST', '/threads', raw(`{"thread_id":"${mine}",${spelt}:"${thread}","if_exists":"do_nothing"}`)],
      [
        'cancelled',
        'POST',
        '/runs/cancel',
        raw(`{"thread_id":"${mine}","thread_id":"${thread}","run_ids":["${alice().going}"]}`),
      ],
      ['owner', 'POST', '/threads/search', raw(`{"metadata":{"sallyport\\u005fowner":"${alice().owner}"}}`)],
    ])
  })

  it('an odd spelling of the thread id of another person is refused with 400 or 404', async () => {
    const { thread } = alice()
    const spelt = {
      'upper case': thread.toUpperCase(),
      'without dashes': thread.replaceAll('-', ''),
      braces: `%7B${thread}%7D`,
      urn: `urn:uuid:${thread}`,
      'a space behind': `${thread}%20`,
      'percent-encoded': thread.replace(/^./, (first) => `%${first.charCodeAt(0).toString(16)}`),
      'a query': `${thread}%3Fx`,
      'a slash': `${thread}%2Fstate`,
      huge: 'a'.repeat(3000),
      prototype: '__proto__',
      'full width': `%EF%BC%90${thread.slice(1)}`,
      null: 'null',
      'not a version of UUID': '00000000-0000-0000-0000-000000000000',
    }
    const tries = Object.entries(spelt).flatMap(([what, id]): Try[] => [
      [what, 'GET', `/threads/${id}`],
      [`${what}, state`, 'GET', `/threads/${id}/state`],
      [`${what}, run`, 'POST', `/threads/${id}/runs/wait`, run('hello', { if_not_exists: 'create' })],
      [`${what}, deleted`, 'DELETE', `/threads/${id}`],
    ])
    const heard = statusesOf(
      await bob().tries(
        alice(),
        tries.filter(([what]) => what !== 'not a version of UUID, run'),
      ),
    )
    // An id that could be one more spelling of a thread is no thread's; a path that is not plain is
    // refused as such.
    for (const status of Object.values(heard)) expect([400, 404]).toContain(status)
    const bodies = await bob().tries(
      alice(),
      Object.entries({ ...spelt, braces: `{${thread}}`, list: [thread], object: { id: thread }, number: 7 })
        .filter(([what]) => what !== 'not a version of UUID')
        .map(([what, id]): Try => [what, 'POST', '/threads', { thread_id: id, if_exists: 'do_nothing' }]),
    )
    for (const status of Object.values(statusesOf(bodies))) expect(status).toBe(400)
  })

  it('a person cannot take the thread of another person by creating a thread with its id', async () => {
    const { thread, checkpoint } = alice()
    const supersteps = [{ updates: [{ values: { messages: [] }, as_node: 'answer', checkpoint_id: checkpoint }] }]
    const create = { thread_id: thread, metadata: { graph_id: 'agent', sallyport_owner: 'me' } }
    const path = `/threads/${thread}/runs`
    const made = run('hi', { if_not_exists: 'create' })
    const heard = await bob().tries(alice(), [
      ['raise', 'POST', '/threads', { ...create, if_exists: 'raise' }],
      ['by default', 'POST', '/threads', create],
      ['do nothing', 'POST', '/threads', { ...create, if_exists: 'do_nothing' }],
      ['steps', 'POST', '/threads', { ...create, supersteps }],
      ['steps, raise', 'POST', '/threads', { ...create, supersteps, if_exists: 'raise' }],
      ['steps, do nothing', 'POST', '/threads', { ...create, supersteps, if_exists: 'do_nothing' }],
      ['anything else', 'POST', '/threads', { ...create, if_exists: 'replace' }],
      ['run', 'POST', path, made],
      ['stream', 'POST', `${path}/stream`, made],
      ['wait', 'POST', `${path}/wait`, made],
      ['list of runs', 'POST', path, [made] as object],
      ['batch', 'POST', '/runs/batch', [{ ...made, thread_id: thread }]],
      ['command', 'POST', `/threads/${thread}/commands`, { id: 1, method: 'run.start', params: made }],
    ])
    const own = ['batch', 'raise', 'by default', 'anything else']
    const refused = Object.entries(statusesOf(heard)).filter(([what]) => !own.includes(what))
    for (const [what, status] of refused) expect([what, status]).toEqual([what, 404])
    expect([heard.raise!.status, heard['by default']!.status]).toEqual([409, 409])
  })
})
