import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { langgraph } from '../../../src/agents/langgraph/adapter'
import { endpoints } from '../../../src/agents/langgraph/endpoints'
import type { Json } from '../../../src/json'
import type { Sharing } from '../../../src/threads/owner'
import { policyWithExamples, routeOf } from '../../support/fixtures'
import { json, openWorld, type World } from '../../support/world'

const endpointAt = (method: string, path: string) => {
  const found = endpoints.find((row) => row.method === method && row.path === path)
  if (!found) throw new Error(`no row ${method} ${path}`)
  return found
}
/** The operations beside the endpoint's own. */
function beside(
  method: string,
  path: string,
  { query = '', body }: { query?: string; body?: Json },
  threads: Sharing = 'tenant',
) {
  const call = { endpoint: endpointAt(method, path), params: {}, query, headers: new Headers(), body }
  return langgraph.operationsOf?.(call, threads).slice(1)
}

const RUNS = '/threads/:thread/runs'
const COMMANDS = '/threads/:thread/commands'
const start = (params: object) => ({ method: 'run.start', params }) as Json

describe('members of LangGraph requests', () => {
  it.each<[string, string, { query?: string; body?: Json }, readonly string[]]>([
    ['POST', RUNS, { body: { multitask_strategy: 'rollback' } }, ['run.delete']],
    ['POST', RUNS, { body: { multitaskStrategy: 'rollback' } }, ['run.delete']],
    ['POST', RUNS, { body: { multitask_strategy: 'interrupt' } }, ['run.cancel']],
    ['POST', RUNS, { body: { multitask_strategy: 'enqueue' } }, []],
    ['POST', RUNS, { body: { multitask_strategy: 'reject', on_disconnect: 'cancel' } }, []],
    ['POST', RUNS, { body: { multitask_strategy: 'rollback', multitaskStrategy: 'rollback' } }, ['run.delete']],
    ['POST', RUNS, { body: { if_not_exists: 'create' } }, ['threads.create']],
    ['POST', RUNS, { body: { if_not_exists: 'reject' } }, []],
    ['POST', RUNS, { body: { on_completion: 'keep' } }, []],
    ['POST', COMMANDS, { body: start({ multitaskStrategy: 'rollback' }) }, ['run.delete']],
    [
      'POST',
      COMMANDS,
      { body: start({ multitask_strategy: 'interrupt', multitaskStrategy: 'interrupt' }) },
      ['run.cancel'],
    ],
    ['POST', '/runs/wait', { body: { on_completion: 'keep' } }, ['threads.create']],
    ['POST', '/runs/stream', { body: { onCompletion: 'keep' } }, ['threads.create']],
    ['POST', '/runs', { body: { on_completion: 'delete' } }, []],
    [
      'POST',
      '/runs/batch',
      { body: [{}, { on_completion: 'keep' }, { multitask_strategy: 'rollback' }] },
      ['threads.create', 'run.delete'],
    ],
    [
      'POST',
      '/runs/crons',
      { body: { on_run_completed: 'keep', multitask_strategy: 'interrupt' } },
      ['run.cancel', 'threads.create'],
    ],
    ['POST', '/threads', { body: { ttl: { strategy: 'delete', ttl: 1 } } }, ['threads.delete']],
    ['PATCH', '/threads/:thread', { body: { ttl: 1 } }, ['threads.delete']],
    ['PATCH', '/threads/:thread', { body: { ttl: null } }, []],
    ['POST', `${RUNS}/:run/cancel`, { query: '?action=rollback' }, ['run.delete']],
    ['POST', `${RUNS}/:run/cancel`, { query: '?action=interrupt&wait=1' }, []],
    ['POST', '/runs/cancel', { query: '?action=rollback' }, ['run.delete']],
    ['GET', `${RUNS}/:run/join`, { query: '?cancel_on_disconnect=true' }, ['run.cancel']],
    ['GET', `${RUNS}/:run/stream`, { query: '?cancel_on_disconnect=1' }, ['run.cancel']],
    ['GET', `${RUNS}/:run/stream`, { query: '?cancel_on_disconnect=0' }, []],
    ['GET', `${RUNS}/:run/stream`, { query: '?cancel_on_disconnect=False' }, []],
    ['GET', '/runs/:run/stream', { query: '?cancel_on_disconnect=yes' }, ['run.cancel']],
  ])('the request %s %s with %j also needs permission for the operations %j', (method, path, request, expected) => {
    expect([...(beside(method, path, request) ?? [])].sort()).toEqual([...expected].sort())
  })

  it('a request that interrupts a run needs run.cancel only on routes with tenant or shared threads', () => {
    const interrupt = { body: { multitask_strategy: 'interrupt' } }
    const join = { query: '?cancel_on_disconnect=1' }
    const all = (threads: Sharing) => [
      beside('POST', RUNS, interrupt, threads),
      beside('GET', `${RUNS}/:run/join`, join, threads),
    ]
    expect(all('own')).toEqual([[], []])
    expect(all('tenant')).toEqual([['run.cancel'], ['run.cancel']])
    expect(all('shared')).toEqual([['run.cancel'], ['run.cancel']])
  })

  it.each<[string, string, string, { query?: string; body?: Json }]>([
    ['a parameter twice', 'POST', `${RUNS}/:run/cancel`, { query: '?action=interrupt&action=rollback' }],
    ['a parameter twice, the same', 'POST', `${RUNS}/:run/cancel`, { query: '?action=interrupt&action=interrupt' }],
    [
      'an encoded name beside the plain one',
      'POST',
      `${RUNS}/:run/cancel`,
      { query: '?action=interrupt&%61ction=rollback' },
    ],
    ['two spellings', 'POST', RUNS, { body: { multitask_strategy: 'enqueue', multitaskStrategy: 'rollback' } }],
    [
      'two spellings in a command',
      'POST',
      COMMANDS,
      { body: start({ multitask_strategy: 'reject', multitaskStrategy: 'rollback' }) },
    ],
  ])('a LangGraph request is refused with body-invalid if it has %s', (_what, method, path, request) => {
    expect(() => beside(method, path, request)).toThrow(expect.objectContaining({ code: 'body-invalid' }))
  })
})

describe('a policy for threads and streams only', () => {
  const policy = policyWithExamples({
    id: 'chat',
    allow: [{ name: 'chat', operations: ['threads.create', 'threads.read', 'run.stream', 'run.command', 'run.join'] }],
  })
  let world: World
  beforeAll(async () => {
    world = await openWorld(({ origin: { url }, issuer }) => [
      routeOf({ kind: 'langgraph', origin: { url } }, [issuer], { threads: 'shared', policies: [policy] }),
    ])
  })
  afterAll(() => world?.close())

  const thread = '/agents/langgraph/threads/3f1de8cb-0c4f-4d52-a36b-79c4a2d0d0aa'
  it.each([
    ['a run that rolls another back', '/runs/stream', { multitask_strategy: 'rollback' }, 'run.stream run.delete'],
    [
      'a command in the other spelling',
      '/commands',
      start({ multitaskStrategy: 'rollback' }),
      'run.command run.delete',
    ],
    ['a run that interrupts another', '/runs/stream', { multitask_strategy: 'interrupt' }, 'run.stream run.cancel'],
  ])(
    'a policy without run.delete and run.cancel refuses %s, and the audit line names the operations',
    async (_what, path, body, operation) => {
      const reply = await world.as('bob', thread + path, json(body))
      expect(reply.status).toBe(403)
      expect(await world.gateway.auditOf(reply)).toMatchObject({
        code: 'policy-denied',
        operations: operation.split(' '),
      })
    },
  )

  it('a policy without run.cancel refuses cancel_on_disconnect=1 and permits cancel_on_disconnect=0', async () => {
    const join = `${thread}/runs/5f1de8cb-0c4f-4d52-a36b-79c4a2d0d0aa/stream?cancel_on_disconnect=`
    expect((await world.as('bob', `${join}1`)).status).toBe(403)
    expect((await world.as('bob', `${join}0`)).status).toBe(200)
  })

  it('a policy for run.stream permits the members that the official LangGraph client sends with each run', async () => {
    const body = { assistant_id: 'agent', on_disconnect: 'cancel', stream_mode: ['values'], stream_resumable: true }
    expect((await world.as('bob', `${thread}/runs/stream`, json(body))).status).toBe(200)
  })
})
