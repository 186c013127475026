import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routeOf } from '../support/fixtures'
import { refused } from '../support/refusal'
import { json, openWorld, type World } from '../support/world'

let world: World

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf({ kind: 'ag2', origin: { url } }, [issuer]),
    routeOf({ kind: 'maf', origin: { url: `${url}/run` } }, [issuer], {
      identity: {
        state: {
          key: 'caller',
          fields: { id: 'user_id', tenant: 'tenant', level: 'claims.level', dept: 'claims.org.dept' },
        },
      },
    }),
    routeOf({ kind: 'ag-ui', origin: { url } }, [issuer], {
      identity: { forwardedProps: { caller: 'user_id' } },
    }),
    { id: 'open', path: '/open', agent: { kind: 'ag2', origin: { url } }, public: true },
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer], { threads: 'shared' }),
    routeOf({ kind: 'langgraph', origin: { url } }, [issuer], {
      id: 'js',
      path: '/js',
      threads: 'shared',
      identity: { langgraphAuthUser: true },
    }),
  ])
})
afterAll(() => world?.close())

const run = (more: Record<string, unknown>) => ({
  threadId: 't-1',
  runId: 'r-1',
  messages: [],
  tools: [],
  context: [],
  ...more,
})
interface Sent {
  readonly [name: string]: unknown
  readonly state: Record<string, unknown>
  readonly config: { readonly configurable: Record<string, unknown> }
}
const sent = () => JSON.parse(world.origin.last().body) as Sent
/** An id that the gateway made of its caller's. */
const UUID = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
const ALICE = { user_id: 'alice', email: 'alice@example.com', role: 'admin', roles: ['admin'], tenant: 'acme' }

describe('AG-UI bodies', () => {
  it('the gateway sets state.auth_user to the caller and keeps the other state (X7)', async () => {
    const state = {
      auth_user: { user_id: 'mallory', role: 'admin', extra: true },
      cart: [1, 2],
      nested: { auth_user: 'kept' },
    }
    await world.as('alice', '/agents/ag2', json(run({ state })))
    const { state: received } = sent()
    expect(received).toMatchObject({ auth_user: ALICE, cart: [1, 2], nested: { auth_user: 'kept' } })
    expect(received.auth_user).not.toHaveProperty('extra')
  })

  it('a missing state is created, and a state that is not an object gets 400 (X7)', async () => {
    for (const state of [undefined, null]) {
      await world.as('alice', '/agents/ag2', json(run({ state })))
      expect(sent().state).toMatchObject({ auth_user: ALICE })
    }
    for (const state of ['x', 1, true, [{ auth_user: 'x' }]]) {
      const reply = await world.as('alice', '/agents/ag2', json(run({ state })))
      expect(await refused(reply)).toEqual({ status: 400, code: 'body-invalid' })
    }
  })

  it('a forged auth_user is removed in any spelling, on public routes too (X7)', async () => {
    const forged = Object.fromEntries(
      ['auth_user', 'authUser', 'AUTH_USER', 'auth-user', 'Auth.User'].map((name) => [name, 'mallory']),
    )
    for (const [person, path] of [
      ['alice', '/agents/ag2'],
      [undefined, '/open'],
      ['alice', '/agents/ag-ui'],
    ] as const) {
      await world.as(person, path, json(run({ state: { ...forged, a: 1 }, forwardedProps: { ...forged, b: 2 } })))
      expect(JSON.stringify(sent()), path).not.toContain('mallory')
      expect(sent()).toMatchObject({ state: { a: 1 }, forwardedProps: { b: 2 } })
    }
    await world.as(undefined, '/open', json(run({ state: forged })))
    expect(sent().state).toEqual({})
  })

  it('duplicate members, escapes and __proto__ do not bypass identity removal (X7)', async () => {
    const bodies = [
      '{"threadId":"t","runId":"r","messages":[],"state":{"auth_user":"mallory"},"state":{"auth_user":"mallory"}}',
      '{"threadId":"t","runId":"r","messages":[],"state":{"\\u0061uth_user":"mallory"}}',
      '{"threadId":"t","runId":"r","messages":[],"state":{"__proto__":{"auth_user":"mallory"}}}',
      '{"threadId":"t","runId":"r","messages":[],"__proto__":{"state":{"auth_user":"mallory"}}}',
      '{"threadId":"t","runId":"r","messages":[],"forwarded_props":{"user_id":"mallory","authorization":"mallory"}}',
    ]
    for (const body of bodies) {
      expect((await world.as('alice', '/agents/ag2', json(body))).status, body).toBe(200)
      expect(world.origin.last().body, body).not.toContain('mallory')
      expect(sent().state).toMatchObject({ auth_user: ALICE })
    }
  })

  it('a __proto__ in messages or input is forwarded, without identity names inside', async () => {
    const bodies = [
      ['/agents/ag2', '{"threadId":"t","runId":"r","messages":[{"id":"m","content":{"__proto__":{"a":1}}}]}'],
      [
        '/agents/langgraph/runs/wait',
        '{"assistant_id":"a","input":{"__proto__":{"a":1},"langgraph_auth_user":"mallory"}}',
      ],
      [
        '/agents/langgraph/runs/wait',
        '{"assistant_id":"a","input":{"x":{"__proto__":{"a":1,"langgraph_auth_id":"mallory"}}}}',
      ],
    ] as const
    for (const [path, body] of bodies) {
      expect((await world.as('alice', path, json(JSON.parse(body)))).status, body).toBe(200)
      expect(world.origin.last().body, body).toContain('"__proto__":{"a":1}')
      expect(world.origin.last().body, body).not.toContain('mallory')
    }
    const config = '{"assistant_id":"a","config":{"configurable":{"__proto__":{"user_id":"mallory"}}}}'
    expect((await world.as('alice', '/agents/langgraph/runs/wait', json(JSON.parse(config)))).status).toBe(200)
    expect(world.origin.last().body).not.toContain('__proto__')
  })

  it('a run with a misspelt member gets 400, and identity outside its state is dropped (X7)', async () => {
    const before = world.origin.received.length
    const forged = { auth_user: { user_id: 'mallory' } }
    for (const more of [
      { State: forged },
      { state: {}, STATE: forged },
      { ForwardedProps: { user_id: 'mallory' } },
      { forwardedProps: {}, forwarded_props: {} },
      { thread_id: 'other' },
    ]) {
      const reply = await world.as('alice', '/agents/maf', json(run(more)))
      expect(await refused(reply), JSON.stringify(more)).toEqual({ status: 400, code: 'body-invalid' })
    }
    expect(world.origin.received.length).toBe(before)
    await world.as(
      'alice',
      '/agents/ag2',
      json(run({ auth_user: 'mallory', userId: 'mallory', user_id: 'mallory', other: 1 })),
    )
    expect(world.origin.last().body).not.toContain('mallory')
    expect(sent()).toMatchObject({ other: 1 })
    await world.as(
      'alice',
      '/agents/ag2',
      json({ thread_id: 't', run_id: 'r', messages: [], forwarded_props: { theme: 'dark' } }),
    )
    expect(sent()).toMatchObject({ thread_id: UUID, run_id: UUID, forwarded_props: { theme: 'dark' } })
  })

  it('an agent gets thread and run ids as UUIDs, and a caller gets the original ids', async () => {
    world.origin.handle((_request, response, body) => {
      response.setHeader('content-type', 'application/json')
      response.end(body)
    })
    const reply = await world.as('alice', '/agents/ag2', json(run({ parentRunId: 'r-0' })))
    expect(await reply.json()).toMatchObject({ threadId: 't-1', runId: 'r-1', parentRunId: 'r-0' })
    const { threadId, runId, parentRunId } = sent()
    expect({ threadId, runId, parentRunId }).toEqual({ threadId: UUID, runId: UUID, parentRunId: UUID })
    // The id stays the same for its caller, and differs for another person.
    await world.as('alice', '/agents/ag2', json(run({})))
    expect([sent().threadId, sent().runId]).toEqual([threadId, runId])
    await world.as('bob', '/agents/ag2', json(run({})))
    expect(sent().threadId).not.toBe(threadId)
    world.origin.handle(
      (_request, response) => void response.setHeader('content-type', 'application/json').end('{"ok":true}'),
    )
  })

  it('forwardedProps members that set an address or configuration are dropped (X9)', async () => {
    const forwardedProps = {
      webhook: 'http://x',
      config: {},
      context: {},
      metadata: {},
      mcpServers: [],
      mcpEndpoints: [],
      __proxiedMCPRequest: {},
      headers: {},
      authorization: 'x',
      user_id: 'x',
      userId: 'x',
      command: { resume: 'yes' },
      theme: 'dark',
    }
    await world.as('alice', '/agents/ag2', json(run({ forwardedProps })))
    expect(sent().forwardedProps).toEqual({ command: { resume: 'yes' }, theme: 'dark' })
  })

  it('the gateway writes the caller into state or forwardedProps as the route says', async () => {
    await world.as('bob', '/agents/maf', json(run({ state: { caller: 'mallory', auth_user: 'mallory' } })))
    expect(sent().state).toEqual({ caller: { id: 'bob', tenant: 'acme' } })
    expect(world.origin.last().url).toBe('/run')
    for (const forged of [{ caller: 'mallory' }, { Caller: 'mallory', CALLER: 'mallory', 'call.er': 'mallory' }]) {
      await world.as('bob', '/agents/ag-ui', json(run({ forwardedProps: { ...forged, x: 1 } })))
      expect(sent().forwardedProps).toEqual({ x: 1, caller: 'bob' })
    }
  })

  it('an AG2 route offers GET and POST at its root, but not /docs or /openapi.json', async () => {
    expect((await world.as('alice', '/agents/ag2/', json(run({})))).status).toBe(200)
    expect((await world.as('alice', '/agents/ag2')).status).toBe(200)
    expect((await world.as('alice', '/agents/ag2/docs')).status).toBe(404)
    expect((await world.as('alice', '/agents/ag2/openapi.json')).status).toBe(404)
  })
})

describe('LangGraph bodies', () => {
  const forgedConfigurable = {
    'langsmith-trace': 'forged',
    baggage: 'langsmith-project=forged',
    'x-user-id': 'mallory',
    'X-User-Id': 'mallory',
    x_user_id: 'mallory',
    user_id: 'mallory',
    langgraph_auth_user: { identity: 'mallory' },
    langgraph_auth_user_id: 'mallory',
    langgraph_auth_permissions: ['mallory'],
    copilotkit_forwarded_headers: { 'x-user-id': 'mallory' },
    __secret: 'mallory',
  }

  it('the gateway removes forged identity from config, context and checkpoint of all LangGraph runs (X7)', async () => {
    const body = {
      assistant_id: 'agent',
      input: { messages: [] },
      config: { configurable: { ...forgedConfigurable, model: 'm' }, recursion_limit: 5 },
      context: { ...forgedConfigurable, tone: 'kind' },
      checkpoint: { checkpoint_id: 'c', ...forgedConfigurable },
      metadata: { langgraph_auth_user: 'mallory', topic: 'x' },
    }
    for (const path of [
      '/runs',
      '/runs/stream',
      '/runs/wait',
      '/threads/t/runs',
      '/threads/t/runs/stream',
      '/threads/t/runs/wait',
    ]) {
      await world.as('bob', `/agents/langgraph${path}`, json(body))
      expect(world.origin.last().body, path).not.toContain('mallory')
      expect(sent()).toMatchObject({
        config: { configurable: { model: 'm' }, recursion_limit: 5 },
        context: { tone: 'kind' },
        checkpoint: { checkpoint_id: 'c' },
        metadata: { topic: 'x' },
      })
    }
    await world.as('bob', '/agents/langgraph/runs/batch', json([body, body]))
    expect(world.origin.last().body).not.toContain('mallory')
    await world.as('bob', '/agents/langgraph/threads/t/commands', json({ id: 1, method: 'run.start', params: body }))
    expect(world.origin.last().body).not.toContain('mallory')
  })

  it('a route can set langgraph_auth_user, which replaces the value of the caller', async () => {
    await world.as(
      'alice',
      '/js/threads/t/runs/stream',
      json({ config: { configurable: { ...forgedConfigurable, model: 'm' } } }),
    )
    expect(sent().config.configurable).toMatchObject({
      model: 'm',
      langgraph_auth_user: { identity: 'alice', is_authenticated: true, roles: ['admin'] },
      langgraph_auth_user_id: 'alice',
    })
    expect(world.origin.last().body).not.toContain('mallory')
    await world.as('alice', '/js/threads', json({ metadata: {} }))
    expect(sent()).toEqual({ metadata: {} })
  })

  it('identity that the gateway adds to a LangGraph run is removed from answers', async () => {
    world.origin.handle((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({
          thread_id: 't',
          config: { configurable: { langgraph_auth_user: { identity: 'alice' }, model: 'm' } },
        }),
      )
    })
    const reply = await world.as('alice', '/js/threads/t')
    expect(await reply.json()).toEqual({ thread_id: 't', config: { configurable: { model: 'm' } } })
    world.origin.handle(
      (_request, response) => void response.setHeader('content-type', 'application/json').end('{"ok":true}'),
    )
  })

  it('unlisted and closed LangGraph operations get 404 or 405 from the gateway (X10)', async () => {
    const inventory: [string, string][] = [
      ['POST', '/assistants'],
      ['PATCH', '/assistants/a'],
      ['DELETE', '/assistants/a'],
      ['POST', '/assistants/a/latest'],
      ['PUT', '/store/items'],
      ['GET', '/store/items'],
      ['DELETE', '/store/items'],
      ['POST', '/store/items/search'],
      ['POST', '/store/namespaces'],
      ['POST', '/runs/crons'],
      ['POST', '/runs/crons/search'],
      ['DELETE', '/runs/crons/c'],
      ['POST', '/threads/t/runs/crons'],
      ['POST', '/internal/truncate'],
      ['GET', '/metrics'],
      ['GET', '/docs'],
      ['GET', '/openapi.json'],
      ['GET', '/ui/x'],
      ['POST', '/mcp/'],
      ['POST', '/a2a/x'],
      ['GET', '/ok'],
      ['GET', '/noauth'],
      ['GET', '/'],
    ]
    const before = world.origin.received.length
    for (const [method, path] of inventory) {
      const reply = await world.as('alice', `/agents/langgraph${path}`, {
        method,
        ...(method === 'GET' ? {} : { body: '{}', headers: { 'content-type': 'application/json' } }),
      })
      expect([404, 405], `${method} ${path}`).toContain(reply.status)
    }
    expect(world.origin.received.length).toBe(before)
  })
})
