import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Kind, kinds, type LangGraphStage } from './stage'
import { run, type Things } from './threads-things'
import { bobAt, openWithThings, statusesOf, type Try } from './threads-tries'

let stage: LangGraphStage
let things: Record<Kind, Things>

beforeAll(async () => {
  ;({ stage, things } = await openWithThings())
}, 600_000)
afterAll(() => stage?.close())

describe.each(kinds)('access to data of others, %s server (X6)', (kind) => {
  const alice = () => things[kind]
  const bob = () => bobAt(stage, kind)

  it('a person cannot find the thread of another person by owner, id or content', async () => {
    const { thread, owner, secret } = alice()
    const forged = { sallyport_owner: owner }
    const bodies = {
      owner: { metadata: forged },
      ids: { ids: [thread], metadata: forged },
      select: { ids: [thread], select: ['thread_id', 'values', 'metadata'] },
      extract: { ids: [thread], extract: { it: 'values.messages[0].content', owner: 'metadata.sallyport_owner' } },
      values: { values: { messages: [] } },
      'no filter': { metadata: null },
      'a list for a filter': { metadata: [forged] },
      secret: { metadata: { secret } },
    }
    for (const [what, body] of Object.entries(bodies)) {
      const heard = await bob().tries(alice(), [
        ['search', 'POST', '/threads/search', { ...body, limit: 100, offset: 0 }],
        ['count', 'POST', '/threads/count', body],
      ])
      expect([what, JSON.stringify(heard.search?.json).includes(`"thread_id":"${thread}"`)]).toEqual([what, false])
      if (/owner|ids|secret/.test(what) && what !== 'owner') expect([what, heard.search?.json]).toEqual([what, []])
    }
  })

  it('an owner cannot give a thread to another person, or remove the owner of the thread', async () => {
    const mine = await bob().own()
    const bobs = await bob().ownerOf(mine)
    const forged = { metadata: { sallyport_owner: alice().owner } }
    await bob().tries(alice(), [
      ['update', 'PATCH', `/threads/${mine}`, forged],
      ['run', 'POST', `/threads/${mine}/runs/wait`, run('hello', { ...forged, config: forged })],
      ['state', 'POST', `/threads/${mine}/state`, { values: { messages: [] }, as_node: 'answer', ...forged }],
      [
        'command',
        'POST',
        `/threads/${mine}/commands`,
        { id: 1, method: 'run.start', params: run('hello', forged), ...forged },
      ],
      ['none', 'PATCH', `/threads/${mine}`, { metadata: { sallyport_owner: null } }],
      ['stateless', 'POST', '/runs/wait', run('hello', { ...forged, on_completion: 'keep' })],
      ['batch', 'POST', '/runs/batch', [run('hello', { ...forged, on_completion: 'keep' })]],
    ])
    expect(await bob().ownerOf(mine)).toBe(bobs)
    const { json: runs } = await stage.at(kind)('GET', `/threads/${mine}/runs?limit=100`)
    const owners = runs.map(({ metadata }: { metadata: { sallyport_owner: string } }) => metadata.sallyport_owner)
    expect([...new Set(owners)]).toEqual([bobs])
    const copy = await bob().call('POST', `/threads/${mine}/copy`, {})
    if (copy.json?.thread_id) expect(await bob().ownerOf(copy.json.thread_id)).toBe(bobs)
  })

  it('a person cannot stop the runs of another person by the status or the ids of the runs', async () => {
    const { thread, busy, going, sealed } = alice()
    const mine = await bob().own()
    const heard = await bob().tries(alice(), [
      ['status', 'POST', '/runs/cancel', { status: 'all' }],
      ['status and hers', 'POST', '/runs/cancel', { status: 'running', thread_id: busy, run_ids: [going] }],
      ['hers', 'POST', '/runs/cancel', { thread_id: busy, run_ids: [going] }],
      ['her other thread', 'POST', '/runs/cancel', { thread_id: thread, run_ids: [going] }],
      ['below his', 'POST', '/runs/cancel', { thread_id: mine, run_ids: [going, sealed] }],
      ['no thread', 'POST', '/runs/cancel', { run_ids: [going] }],
      ['threads', 'POST', '/runs/cancel', { thread_id: [busy], run_ids: [going] }],
      ['rollback', 'POST', `/threads/${mine}/runs/${going}/cancel?action=rollback&wait=true`, {}],
      ['sealed below his', 'POST', `/threads/${mine}/runs/${sealed}/cancel?action=rollback`, {}],
      ['sealed', 'GET', `/runs/${sealed}/stream`],
      ['without its seal', 'GET', `/runs/${sealed.split('.')[0]}/stream`],
      ['with a seal of his own', 'GET', `/runs/${sealed.slice(0, -43)}${'A'.repeat(43)}/stream`],
      ['joined below his', 'GET', `/threads/${mine}/runs/${sealed}/stream`],
      ['joined with its seal', 'GET', `/threads/${busy}/runs/${sealed}/join`],
      ['a socket', 'GET', `/threads/${busy}/stream/events`],
    ])
    expect(statusesOf(heard)).toMatchObject({
      status: 403,
      'status and hers': 403,
      hers: 404,
      'no thread': 400,
      threads: 400,
    })
    expect(statusesOf(heard)).toMatchObject({ sealed: 404, 'without its seal': 404, 'with a seal of his own': 404 })
  })

  it('a person cannot read or write the store of another person by any namespace', async () => {
    const hers = `u_${alice().owner}`
    const list = [[], [hers], [hers, 'notes'], ['..', hers, 'notes'], ['.'], [''], ['', hers], ['notes', '..'], ['u_']]
    const odd = [null, hers, { 0: hers }, [[hers]], [null], [7]]
    const bodies = [...list, ...odd].map((namespace) => JSON.stringify(namespace))
    const tries = bodies.flatMap((text): Try[] => {
      const namespace = JSON.parse(text)
      const item = { namespace, key: 'first' }
      const raw = { raw: `{"namespace":${JSON.stringify([hers, 'notes'])},"namespace":${text},"key":"first"}` }
      return [
        [`put ${text}`, 'PUT', '/store/items', { ...item, value: { mine: true } }],
        [`delete ${text}`, 'DELETE', '/store/items', item],
        [`delete twice ${text}`, 'DELETE', '/store/items', raw],
        [
          `search ${text}`,
          'POST',
          '/store/items/search',
          { namespace_prefix: namespace, prefix: [hers], namespace: [hers] },
        ],
        [`list ${text}`, 'POST', '/store/namespaces', { prefix: namespace, suffix: ['notes'], max_depth: 1 }],
      ]
    })
    const names = [
      '',
      hers,
      `${hers}.notes`,
      `.${hers}.notes`,
      '..',
      `notes..${hers}`,
      '%2E',
      `${hers}%2Enotes`,
      `%00${hers}`,
    ]
    const queries = names.flatMap((name) => [
      `namespace=${name}`,
      `namespace=notes&namespace=${name}`,
      `namespace[]=${name}`,
      `Namespace=${name}`,
    ])
    const reads = queries.map((query): Try => [query, 'GET', `/store/items?${query}&key=first`])
    await bob().tries(alice(), [...tries, ...reads, ['no namespace', 'GET', '/store/items?key=first']])
    // All that was written is below bob's own name.
    const { json } = await stage.at(kind)('POST', '/store/namespaces', { limit: 100, max_depth: 1 })
    const bobs = `u_${await bob().ownerOf(await bob().own())}`
    expect(json.namespaces.filter(([first]: string[]) => ![hers, bobs].includes(first ?? ''))).toEqual([])
  })

  it('a person cannot reach crons of another person, or create a cron on a thread of that person', async () => {
    // JavaScript servers have none.
    if (kind !== 'python') return
    const { thread, cron, owner } = alice()
    const schedule = run('hello', { schedule: '0 0 1 1 *', metadata: { sallyport_owner: owner }, thread_id: thread })
    const heard = await bob().tries(alice(), [
      ['find', 'POST', '/runs/crons/search', { metadata: { sallyport_owner: owner }, limit: 100 }],
      ['of hers', 'POST', '/runs/crons/search', { thread_id: thread }],
      ['select', 'POST', '/runs/crons/search', { select: ['cron_id'] }],
      ['read', 'GET', `/runs/crons/${cron}`],
      ['spelt', 'GET', `/runs/crons/${cron.toUpperCase()}`],
      ['change', 'PATCH', `/runs/crons/${cron}`, { ...schedule, enabled: false }],
      ['delete', 'DELETE', `/runs/crons/${cron}`],
      ['make below hers', 'POST', `/threads/${thread}/runs/crons`, schedule],
      ['make', 'POST', '/runs/crons', schedule],
    ])
    const made = heard.make?.json.cron_id
    const below = await bob().own()
    const mine = await bob().call('POST', `/threads/${below}/runs/crons`, schedule)
    for (const id of [made, mine.json.cron_id]) {
      const { json } = await stage.at(kind)('GET', `/runs/crons/${id}`)
      expect(json.metadata.sallyport_owner).toBe(await bob().ownerOf(below))
      expect(json.thread_id).not.toBe(thread)
      expect((await bob().call('DELETE', `/runs/crons/${id}`)).status).toBe(204)
    }
    expect(statusesOf(heard)).toMatchObject({ read: 404, spelt: 404, change: 404, delete: 404, 'make below hers': 404 })
  })
})
