import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdentityProvider, startIdentityProvider } from '../../src/cli/dev/identity-provider/provider.ts'
import type { Agent, Route } from '../../src/config/define'
import { bearer, forge, issuerOf, routeOf } from '../support/fixtures'
import { refused } from '../support/refusal'
import { json, openWorld, type World } from '../support/world'
import { OWNER } from './langgraph/stub'

/** The kinds of agent that have threads. A new kind does not compile without its `requests`. */
type Kind = Exclude<Agent['kind'], 'http'>
type Sharing = NonNullable<Route['threads']>

let world: World
/** Has people of the same names. */
let elsewhere: IdentityProvider

const UUID_V8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const SHARINGS: readonly Sharing[] = ['own', 'tenant', 'shared']

beforeAll(async () => {
  elsewhere = await startIdentityProvider()
  world = await openWorld(({ origin: { url }, issuer }) => {
    const agent = (kind: Kind) => ({ kind, origin: { url } }) as Agent
    // Of two providers on one route one needs a prefix; it is not what keeps them apart.
    const both = [issuer, issuerOf(elsewhere.issuer, { id: 'elsewhere', subjectPrefix: 'e|' })]
    const gate = issuerOf('', {
      id: 'gate',
      issuer: { env: 'PUBLIC_URL' },
      audience: ['runtime'],
      algorithms: ['ES256'],
    })
    return [
      ...KINDS.flatMap((kind) =>
        SHARINGS.map((threads) =>
          routeOf(agent(kind), both, { id: `${kind}-${threads}`, path: `/${kind}/${threads}`, threads }),
        ),
      ),
      ...KINDS.map((kind) => ({
        id: `${kind}-open`,
        path: `/${kind}/open`,
        agent: agent(kind),
        public: true as const,
      })),
      routeOf(agent('copilotkit'), [issuer], { id: 'runtime', path: '/runtime' }),
      routeOf(agent('langgraph'), [gate], { id: 'behind', path: '/behind' }),
      routeOf(agent('langgraph'), [gate], { id: 'team-behind', path: '/team-behind', threads: 'tenant' }),
    ]
  })
})
afterAll(async () => {
  await world?.close()
  await elsewhere?.close()
})

const run = { threadId: 't', runId: 'r', messages: [], tools: [], context: [] }
const call = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }
const message = { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'Hello' }], contextId: 't' } }

/**
 * A request with the id `t`, and the place of that id at the agent; for LangGraph, the owner that
 * the agent receives.
 */
const requests: Record<Kind, readonly [path: string, init: RequestInit, seen: () => unknown]> = {
  'ag-ui': ['', json(run), () => body().threadId],
  ag2: ['', json(run), () => body().threadId],
  maf: ['', json(run), () => body().threadId],
  copilotkit: ['/agent/default/run', json(run), () => body().threadId],
  langgraph: ['/threads', json({ metadata: { [OWNER]: 't' } }), () => body().metadata?.[OWNER]],
  mcp: [
    '',
    json(call, { 'mcp-session-id': 't', accept: 'application/json, text/event-stream' }),
    () => world.origin.last().headers['mcp-session-id'],
  ],
  a2a: ['/message:send', json(message), () => body().message?.contextId],
}
const KINDS = Object.keys(requests) as Kind[]
const body = (): { threadId?: string; metadata?: Record<string, unknown>; message?: { contextId?: string } } =>
  JSON.parse(world.origin.last().body)

/** The agent's name for a person's thread `t`. */
async function seen(kind: Kind, place: Sharing | 'open', token: string | undefined): Promise<unknown> {
  const [path, init, at] = requests[kind]
  const before = world.origin.received.length
  const headers = { ...(init.headers as object), ...(token !== undefined && bearer(token)) }
  const reply = await world.gateway.fetch(`/${kind}/${place}${path}`, { ...init, headers })
  await reply.text()
  if (world.origin.received.length === before) throw new Error(`${kind} ${place} was refused: ${reply.status}`)
  return at()
}
const as = (claims: Record<string, unknown>) => forge(world.provider, { claims })
const asThere = (claims: Record<string, unknown>) => forge(elsewhere, { claims })

describe.each(KINDS)('threads of an agent of kind %s', (kind) => {
  it('the agent sees a different thread for each person, also for the same sub of two providers (X6)', async () => {
    const people = await Promise.all([
      as({ sub: 'alice', tenant: 'acme' }),
      as({ sub: 'bob', tenant: 'acme' }),
      asThere({ sub: 'alice', tenant: 'acme' }),
    ])
    const ids: unknown[] = []
    for (const token of people) ids.push(await seen(kind, 'own', token))
    expect(new Set(ids).size).toBe(3)
    expect(ids).not.toContain('t')
    if (kind !== 'langgraph') for (const id of ids) expect(id).toMatch(UUID_V8)
    expect(await seen(kind, 'own', await as({ sub: 'alice', tenant: 'other', roles: [] }))).toBe(ids[0])
  })

  it('the agent sees a different thread for each tenant, and a caller without a tenant gets 403', async () => {
    const [alice, bob, other, there, named] = await Promise.all([
      as({ sub: 'alice', tenant: 'acme' }),
      as({ sub: 'bob', tenant: 'acme' }),
      as({ sub: 'alice', tenant: 'other' }),
      asThere({ sub: 'alice', tenant: 'acme' }),
      as({ sub: 'acme', tenant: 'alice' }),
    ])
    const id = await seen(kind, 'tenant', alice)
    expect(await seen(kind, 'tenant', bob)).toBe(id)
    const others: unknown[] = [id]
    for (const token of [other, there, named]) others.push(await seen(kind, 'tenant', token))
    expect(new Set(others).size).toBe(4)
    const [path, init] = requests[kind]
    const headers = { ...(init.headers as object), ...bearer(await as({ sub: 'alice', tenant: undefined })) }
    const reply = await world.gateway.fetch(`/${kind}/tenant${path}`, { ...init, headers })
    expect(await refused(reply)).toEqual({ status: 403, code: 'tenant-missing' })
  })

  it('with shared threads, and on a public route, the agent sees the thread id of the caller', async () => {
    expect(await seen(kind, 'shared', await as({ sub: 'alice' }))).toBe('t')
    expect(await seen(kind, 'shared', await as({ sub: 'bob' }))).toBe('t')
    expect(await seen(kind, 'open', undefined)).toBe('t')
  })
})

it('a thread id becomes a different derived id on each route, so that an agent behind two routes cannot match the ids', async () => {
  const token = await as({ sub: 'alice', tenant: 'acme' })
  const ids = [await seen('ag-ui', 'own', token), await seen('ag2', 'own', token), await seen('ag-ui', 'tenant', token)]
  expect(new Set(ids).size).toBe(3)
})

describe('the gateway in front of runtime and agent', () => {
  const ownerOf = async (path: string, token: string) => {
    const reply = await world.gateway.fetch(`${path}/threads`, json({}, bearer(token)))
    expect(await reply.text()).toBe('{"ok":true}')
    return body().metadata?.[OWNER]
  }
  /** The bearer that a runtime is given, and passes on. */
  const passedOn = async (token: string) => {
    await (await world.gateway.fetch('/runtime/agent/default/run', json(run, bearer(token)))).text()
    return String(world.origin.last().headers.authorization).replace('Bearer ', '')
  }

  it.each([
    ['own', '/behind'],
    ['tenant', '/team-behind'],
  ])('an agent behind a runtime sees the same owner as without the runtime (threads: %s)', async (threads, path) => {
    const owners: unknown[] = []
    for (const claims of [
      { sub: 'alice', tenant: 'acme' },
      { sub: 'bob', tenant: 'other' },
    ]) {
      const token = await as(claims)
      const owner = await ownerOf(path, await passedOn(token))
      expect(owner).toBe(await ownerOf(`/langgraph/${threads}`, token))
      owners.push(owner)
    }
    expect(owners[0]).not.toBe(owners[1])
  })

  it('a caller cannot become another person by an idp claim in a token of another provider (X18)', async () => {
    const liar = await asThere({ sub: 'alice', idp: world.provider.issuer })
    const alice = await as({ sub: 'alice' })
    expect(await ownerOf('/langgraph/own', liar)).not.toBe(await ownerOf('/langgraph/own', alice))
  })
})

describe('runs without a thread id (X6)', () => {
  const told = async (path: string, input: object) => {
    await (await world.as('alice', path, json({ runId: 'r', messages: [], tools: [], context: [], ...input }))).text()
    return body().threadId
  }

  it.each(['/ag-ui/own', '/ag2/own', '/maf/own', '/copilotkit/own/agent/default/run'])(
    'each run without a thread id gets a new thread, so that agents cannot mix up runs (%s)',
    async (path) => {
      const threads = [
        await told(path, {}),
        await told(path, { threadId: null }),
        await told(path, { thread_id: null }),
      ]
      for (const thread of threads) expect(thread).toMatch(UUID_V8)
      expect(new Set(threads).size).toBe(3)
    },
  )

  it('the answer to a run without a thread id has a thread id that continues the same thread', async () => {
    world.origin.handle((_request, response, input) => {
      const { threadId } = JSON.parse(input)
      response.setHeader('content-type', 'text/event-stream')
      response.end(`data: ${JSON.stringify({ type: 'RUN_FINISHED', threadId })}\n\n`)
    })
    const { threadId: _, ...nameless } = run
    const reply = await (await world.as('alice', '/ag-ui/own', json(nameless))).text()
    const seen = body().threadId
    const { threadId } = JSON.parse(reply.slice('data: '.length)) as { threadId: string }
    expect(threadId).not.toBe(seen)
    expect(await told('/ag-ui/own', { threadId })).toBe(seen)
  })
})
