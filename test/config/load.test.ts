import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import routes from '../../routes'
import { readDeployments } from '../../src/cli/deployments'
import { effectiveConfiguration } from '../../src/cli/effective'
import { routeJsonSchema } from '../../src/cli/json-schema'
import { noNetwork } from '../../src/cli/no-network'
import type { Issuer, Policy, Route } from '../../src/config/define'
import { ConfigurationError, type Fault } from '../../src/config/fault'
import { load } from '../../src/config/load'
import { policyWithExamples, signedIn } from '../support/fixtures'

const issuer: Issuer = {
  id: 'login',
  issuer: 'https://login.example.com/',
  audience: ['agents'],
  algorithms: ['RS256'],
}
const policy: Policy = {
  id: 'desk',
  allow: [{ name: 'talk', operations: ['run.*'], when: { role: 'agent' } }],
  examples: [
    { as: { roles: ['agent'] }, does: 'run.stream', expect: 'allow' },
    { as: {}, does: 'run.stream', expect: 'deny' },
  ],
}
const good: Route = {
  id: 'support',
  path: '/agents/support',
  agent: { kind: 'langgraph', origin: { env: 'SUPPORT_URL' } },
  trust: [issuer],
  policies: [policy],
  cors: { origins: ['https://app.example.com'] },
}
const environment = { PUBLIC_URL: 'https://gate.example.com', SUPPORT_URL: 'https://support.internal.example.com/v1/' }

function faultsOf(list: readonly unknown[], env: Record<string, unknown> = environment): readonly Fault[] {
  try {
    load(list, env, noNetwork)
    return []
  } catch (thrown) {
    if (thrown instanceof ConfigurationError) return thrown.faults
    throw thrown
  }
}

/** The good route with one thing changed. */
const but = (change: object): unknown => without({ ...good, ...change })
/** An object without the keys that have no value. */
const without = (object: object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
const butIssuer = (change: object): unknown => but({ trust: [without({ ...issuer, ...change })] })
const butPolicy = (change: object): unknown => but({ policies: [{ ...policy, ...change }] })
const butPolicyOperation = (operation: string): unknown =>
  butPolicy({ allow: [{ name: 'talk', operations: [operation] }] })
const butAgent = (change: object): unknown => but({ agent: { ...good.agent, ...change } })

const copilotKit = { kind: 'copilotkit', origin: { env: 'SUPPORT_URL' } }

it.each([
  ...['tauri://localhost', 'capacitor://localhost', 'ionic://localhost', 'chrome-extension://abcdefghijklmnop'],
  ...['http://tauri.localhost', 'http://localhost:3000', 'http://127.0.0.1', 'https://app.example.com:8443'],
])('a route with the web origin %s loads', (origin) => {
  expect(faultsOf([but({ cors: { origins: [origin] } })])).toEqual([])
})

it('a route with http web origins on any local port loads in development', () => {
  const development = { ...environment, ENVIRONMENT: 'development' }
  const origins = ['http://localhost:*', 'http://127.0.0.1:*', 'http://[::1]:*']
  expect(faultsOf([but({ cors: { origins } })], development)).toEqual([])
  expect(faultsOf([but({ cors: { origins: ['https://localhost:*'] } })], development)).toHaveLength(1)
})

it('a valid route loads, and the gateway fills in the defaults', () => {
  const config = load([good], environment, noNetwork)
  const route = config.routes.get('/agents/support')
  expect(route).toMatchObject({
    origin: { host: 'https://support.internal.example.com', prefix: '/v1' },
    assertion: { audience: 'support', algorithm: 'ES256', lifetimeSeconds: 60, bind: 'request' },
    identity: { assertion: 'bearer', headers: true },
  })
})

describe('routes to agents that store identity in their state', () => {
  const ag2 = { kind: 'ag2', origin: { env: 'SUPPORT_URL' } }
  it.each<[string, object]>([
    ['with own threads', {}],
    ['with shared threads and resumesAs', { threads: 'shared', resumesAs: 'whoever-asked-first' }],
    ['with shared threads and identity.state set to false', { threads: 'shared', identity: { state: false } }],
    ['without sign-in', { public: true, trust: undefined, policies: undefined }],
  ])('a route to an agent that stores identity in its state loads %s', (_what, change) => {
    expect(load([but({ agent: ag2, ...change })], environment, noNetwork).routes.size).toBe(1)
  })
})

describe('owners of threads', () => {
  const loaded = (change: object) => load([but(change)], environment, noNetwork).routes.get('/agents/support')

  it('threads belong to each caller by default, and are shared on a public route', () => {
    expect(loaded({})).toMatchObject({ threads: 'own', claimsUnowned: false })
    expect(loaded({ threads: 'tenant' })).toMatchObject({ threads: 'tenant' })
    expect(loaded({ threads: 'shared' })).toMatchObject({ threads: 'shared' })
    expect(loaded({ unowned: 'claim-by-first' })).toMatchObject({ threads: 'own', claimsUnowned: true })
    expect(loaded({ unowned: 'hide' })).toMatchObject({ claimsUnowned: false })
    const open = { public: true, trust: undefined, policies: undefined }
    for (const threads of [undefined, 'shared'])
      expect(loaded({ ...open, threads })).toMatchObject({ threads: 'shared' })
  })

  it('a route offers operations on all threads only if its threads are shared', () => {
    const offers = (threads: string, operations: readonly string[]) => {
      const route = loaded({ agent: { ...copilotKit, operations }, threads })
      return ['threads.read', 'threads.clear', 'threads.search'].filter((operation) => route?.offers(operation))
    }
    expect(offers('shared', ['threads.read', 'threads.clear'])).toEqual(['threads.read', 'threads.clear'])
    expect(offers('shared', ['threads.*'])).toEqual(['threads.read', 'threads.clear', 'threads.search'])
    // A pattern covers what there is; what cannot be kept apart is not there.
    for (const threads of ['own', 'tenant']) expect(offers(threads, ['threads.*'])).toEqual(['threads.read'])
  })
})

describe('faults of the configuration (F19)', () => {
  const anything = { operation: 'anything', method: 'GET', path: '/*' }
  const agUi = { kind: 'ag-ui', origin: { env: 'SUPPORT_URL' } }
  const mcp = { kind: 'mcp', origin: { env: 'SUPPORT_URL' } }
  const open = { public: true, trust: undefined, policies: undefined }
  const cases: [string, unknown, Partial<Fault>][] = [
    ['an unknown key', but({ limit: {} }), { file: 'routes/support.ts', path: 'limit', expected: 'no such key' }],
    ['an unknown key of the agent', butAgent({ areas: ['runs'] }), { path: 'agent.areas' }],
    ['an unknown kind', butAgent({ kind: 'crew' }), { path: 'agent.kind', found: '"crew"' }],
    ['no agent', but({ agent: undefined }), { path: 'agent' }],
    ['an id that is not valid', but({ id: 'My Route' }), { path: 'id', file: 'routes/My Route.ts' }],
    ['a path without a slash', but({ path: 'agents' }), { path: 'path' }],
    ['a path with a slash at its end', but({ path: '/agents/' }), { path: 'path' }],
    ['a path with an encoding', but({ path: '/a%2fb' }), { path: 'path' }],
    ['a path of the gateway itself', but({ path: '/.well-known/x' }), { path: 'path' }],
    ['T14: no trust', but({ trust: undefined }), { path: 'trust', remedy: expect.stringContaining('public: true') }],
    ['an empty trust', but({ trust: [] }), { path: 'trust' }],
    ['no policies', but({ policies: undefined }), { path: 'policies' }],
    ['public and trust', but({ public: true }), { path: 'trust' }],
    ['public: false', but({ public: false }), { path: 'public' }],
    ['a function where data belongs', but({ path: () => '/x' }), { path: 'path', found: 'a function' }],
    [
      'an unset variable',
      butAgent({ origin: { env: 'NOT_SET' } }),
      {
        path: 'agent.origin.env',
        found: '"NOT_SET", which is not bound',
        remedy: 'Add NOT_SET to [vars] in wrangler.toml, and to the vars of each environment.',
      },
    ],
    ['an unbound service', butAgent({ origin: { service: 'NOT_BOUND' } }), { path: 'agent.origin.service' }],
    [
      'two kinds of origin',
      butAgent({ origin: { env: 'SUPPORT_URL', url: 'https://x.test' } }),
      { path: 'agent.origin' },
    ],
    [
      'a plain http origin',
      butAgent({ origin: { url: 'http://agent.example.com' } }),
      { path: 'agent.origin.url', expected: expect.stringContaining('https') },
    ],
    [
      'an origin with a password',
      butAgent({ origin: { url: 'https://a:b@agent.example.com' } }),
      { path: 'agent.origin.url' },
    ],
    [
      'an origin with a query',
      butAgent({ origin: { url: 'https://agent.example.com/?x=1' } }),
      { path: 'agent.origin.url' },
    ],
    [
      'an origin that is the gateway',
      butAgent({ origin: { url: 'https://gate.example.com/x' } }),
      { path: 'agent.origin.url' },
    ],
    [
      'an operation that the kind lacks',
      butAgent({ operations: ['thread.*'] }),
      { path: 'agent.operations[0]', found: '"thread.*"' },
    ],
    ['an empty audience', butIssuer({ audience: [] }), { file: 'policies/login.ts', path: 'audience' }],
    ['no audience', butIssuer({ audience: undefined }), { file: 'policies/login.ts', path: 'audience' }],
    ['no algorithm', butIssuer({ algorithms: [] }), { file: 'policies/login.ts', path: 'algorithms' }],
    ['a symmetric algorithm', butIssuer({ algorithms: ['HS256'] }), { path: 'algorithms[0]', found: '"HS256"' }],
    ['alg none', butIssuer({ algorithms: ['none'] }), { path: 'algorithms[0]' }],
    ['an issuer without TLS', butIssuer({ issuer: 'http://login.example.com' }), { path: 'issuer' }],
    ['an issuer that is a pattern', butIssuer({ issuer: /login/ }), { path: 'issuer' }],
    ['keys without TLS', butIssuer({ jwksUri: 'http://login.example.com/keys' }), { path: 'jwksUri' }],
    ['too much clock skew', butIssuer({ clockSkewSeconds: 61 }), { path: 'clockSkewSeconds' }],
    [
      'a rule without operations',
      butPolicy({ allow: [{ name: 'x', operations: [] }] }),
      { file: 'policies/desk.ts', path: 'allow[0].operations' },
    ],
    ['a policy that allows nothing', butPolicy({ allow: [] }), { path: 'allow' }],
    [
      'an operation that no kind of agent has',
      butPolicy({ allow: [{ name: 'x', operations: ['thread.read'] }] }),
      { path: 'allow[0].operations[0]' },
    ],
    [
      'an empty condition',
      butPolicy({ allow: [{ name: 'x', operations: ['*'], when: {} }] }),
      { path: 'allow[0].when' },
    ],
    [
      'an unknown condition',
      butPolicy({ allow: [{ name: 'x', operations: ['*'], when: { roles: 'x' } }] }),
      { path: 'allow[0].when.roles' },
    ],
    [
      'an unknown condition, nested',
      butPolicy({ allow: [{ name: 'x', operations: ['*'], when: { any: [{ not: { rolle: 'x' } }] } }] }),
      { path: 'allow[0].when.any[0].not.rolle' },
    ],
    ['no example that denies', butPolicy({ examples: [policy.examples[0]] }), { path: 'examples' }],
    [
      'a requirement that is undefined',
      butPolicy({ allow: [{ name: 'x', operations: ['*'], when: { role: undefined } }] }),
      { file: 'policies/desk.ts', path: 'allow[0].when.role', found: 'undefined' },
    ],
    [
      'a requirement that is undefined, nested',
      butPolicy({
        allow: [{ name: 'x', operations: ['*'], when: { any: [{ not: { scope: undefined, role: 'x' } }] } }],
      }),
      { path: 'allow[0].when.any[0].not.scope' },
    ],
    [
      'an undefined list deny',
      but({ policies: [{ ...policy, deny: undefined }] }),
      { file: 'policies/desk.ts', path: 'deny' },
    ],
    [
      'an assertion in a header that LangGraph would store',
      but({ identity: { assertion: 'header' } }),
      { path: 'identity.assertion' },
    ],
    [
      'a secret in place of the assertion',
      butAgent({ credential: { header: 'x-sallyport-assertion', secret: 'KEY' } }),
      { path: 'agent.credential.header' },
    ],
    [
      'a secret in place of the user',
      butAgent({ credential: { header: 'x-user-id', secret: 'KEY' } }),
      { path: 'agent.credential.header' },
    ],
    [
      'two endpoints for the same requests',
      but({
        agent: {
          kind: 'http',
          origin: { env: 'SUPPORT_URL' },
          endpoints: [
            { operation: 'a', method: 'GET', path: '/d/:id' },
            { operation: 'b', method: 'GET', path: '/d/:name' },
          ],
        },
      }),
      { path: 'agent.endpoints[1]' },
    ],
    [
      'policies on a public route',
      but({ public: true, trust: undefined }),
      { path: 'policies', found: 'a list, on a public route', expected: 'nothing' },
    ],
    [
      'issuers on a public route',
      but({ public: true, policies: undefined }),
      { path: 'trust', found: 'a list, on a public route', expected: 'nothing' },
    ],
    [
      'T29: a regular expression for an audience',
      but({ trust: [{ ...issuer, audience: [/./] }] }),
      { path: 'audience[0]', found: '{}' },
    ],
    ...(['SIGNING_KEYS', 'THREAD_SECRET'] as const).map((secret): (typeof cases)[number] => [
      `the secret ${secret} of the gateway as the credential of the agent`,
      butAgent({ credential: { header: 'x-api-key', secret } }),
      { path: 'agent.credential.secret', found: `"${secret}"` },
    ]),
    [
      'an assertion as bearer token for agents that forward it',
      but({ agent: { ...copilotKit, preset: 'mastra' }, identity: { assertion: 'bearer' } }),
      { path: 'identity.assertion', found: '"bearer"' },
    ],
    ...(['authorization', 'x-api-key', 'x-agent-key'] as const).map((header): (typeof cases)[number] => [
      `a secret in ${header} for agents that forward it`,
      but({ agent: { ...copilotKit, preset: 'mastra', credential: { header, secret: 'KEY' } } }),
      { path: 'agent.credential.header', found: `"${header}"` },
    ]),
    [
      'identity in props that an agent stores in its state',
      but({
        agent: { ...agUi, preset: 'langgraph-fastapi' },
        threads: 'shared',
        identity: { state: false, forwardedProps: { user: 'user_id' } },
      }),
      { path: 'threads', remedy: expect.stringContaining('whoever-asked-first') },
    ],
    ...[
      { allow: [{ name: 'a', operations: ['*'], when: { role: 'admin' } }] },
      { allow: [{ name: 'a', operations: ['run.*'] }] },
      { allow: [{ name: 'a', operations: ['*'] }], deny: [{ name: 'd', operations: ['info'], when: { role: 'x' } }] },
    ].map((rules): (typeof cases)[number] => [
      `policies that do not let apps list the agents: ${JSON.stringify(rules)}`,
      but({ agent: copilotKit, tokenInBody: true, policies: [policyWithExamples({ id: 'p', ...rules })] }),
      { path: 'policies', remedy: expect.stringContaining("operations: ['info']") },
    ]),
    ...[
      '*',
      'https://*.vercel.app',
      'https://*',
      'http://localhost:*',
      'http://evil.test:*',
      'null',
      'file://x',
      'javascript://x',
    ]
      .concat(['tauri://', 'tauri://localhost/', 'capacitor://*', 'data://x', 'http://localhost.evil.test'])
      .map((origin): [string, unknown, Partial<Fault>] => [
        `the origin ${origin}`,
        but({ cors: { origins: [origin] } }),
        { path: 'cors.origins[0]', found: JSON.stringify(origin) },
      ]),
    ['a token in the usual header', but({ tokenHeader: 'authorization' }), { path: 'tokenHeader' }],
    ['a token in a cookie', but({ tokenHeader: 'cookie' }), { path: 'tokenHeader' }],
    [
      'a token header that is forwarded',
      but({ tokenHeader: 'x-token', forwardHeaders: ['x-token'] }),
      { path: 'forwardHeaders', found: '"x-token"' },
    ],
    [
      'a web origin from an unset variable',
      but({ cors: { origins: [{ env: 'NOT_SET' }] } }),
      { path: 'cors.origins[0].env' },
    ],
    ['a web origin with a path', but({ cors: { origins: ['https://app.example.com/'] } }), { path: 'cors.origins[0]' }],
    ['a web origin without TLS', but({ cors: { origins: ['http://app.example.com'] } }), { path: 'cors.origins[0]' }],
    ['an identity header forwarded', but({ forwardHeaders: ['x-user-id'] }), { path: 'forwardHeaders[0]' }],
    ['a cookie exposed', but({ exposeHeaders: ['set-cookie'] }), { path: 'exposeHeaders[0]' }],
    ['CORS exposed', but({ exposeHeaders: ['access-control-allow-origin'] }), { path: 'exposeHeaders[0]' }],
    ['the token forwarded', but({ forwardHeaders: ['authorization'] }), { path: 'forwardHeaders[0]' }],
    ['a cookie forwarded', but({ forwardHeaders: ['cookie'] }), { path: 'forwardHeaders[0]' }],
    ['a reserved claim', but({ assertion: { claims: ['sub'] } }), { path: 'assertion.claims[0]' }],
    [
      'an assertion that lives too long',
      but({ assertion: { lifetimeSeconds: 301 } }),
      { path: 'assertion.lifetimeSeconds' },
    ],
    ['a symmetric assertion', but({ assertion: { algorithm: 'HS256' } }), { path: 'assertion.algorithm' }],
    ['an unknown preset', butAgent({ kind: 'ag-ui', preset: 'crew' }), { path: 'agent.preset' }],
    ['a preset of another kind', butAgent({ preset: 'agno' }), { path: 'agent.preset', expected: 'no such key' }],
    ['a token in bodies that have no place for a token', but({ tokenInBody: true }), { path: 'tokenInBody' }],
    ['a tool name with a line feed', butPolicyOperation('tool.call/two\nlines'), { path: 'allow[0].operations[0]' }],
    [
      'a name behind an operation that takes no name',
      butPolicyOperation('tools.call/search'),
      { path: 'allow[0].operations[0]' },
    ],
    ['state on LangGraph', but({ identity: { state: { key: 'auth_user' } } }), { path: 'identity.state' }],
    [
      'a field of the state from an unknown source',
      but({
        agent: { kind: 'ag2', origin: { env: 'SUPPORT_URL' } },
        identity: { state: { key: 'u', fields: { id: 'token' } } },
      }),
      { path: expect.stringContaining('identity.state') },
    ],
    [
      'a credential and an assertion that are both bearer tokens',
      butAgent({ credential: { header: 'authorization', scheme: 'Bearer', secret: 'KEY' } }),
      { path: 'agent.credential.header' },
    ],
    [
      'threads of a kind that has none',
      but({ agent: { kind: 'http', origin: { env: 'SUPPORT_URL' }, endpoints: [anything] }, threads: 'own' }),
      { path: 'threads', found: '"own"', expected: 'nothing, for http' },
    ],
    [
      'threads of a kind that has none, shared',
      but({ agent: { kind: 'http', origin: { env: 'SUPPORT_URL' }, endpoints: [anything] }, threads: 'shared' }),
      { path: 'threads' },
    ],
    [
      'own threads on a public route',
      but({ ...open, threads: 'own' }),
      { path: 'threads', remedy: expect.stringMatching(/Remove/) },
    ],
    [
      'threads by tenant on a public route',
      but({ ...open, threads: 'tenant' }),
      { path: 'threads', found: '"tenant"' },
    ],
    ['an unknown value of threads', but({ threads: 'team' }), { path: 'threads' }],
    [
      'a pattern that covers only operations on shared threads',
      but({ agent: { kind: 'mcp', origin: { env: 'SUPPORT_URL' }, operations: ['task.*'] } }),
      { path: 'agent.operations[0]', found: '"task.*"', remedy: expect.stringContaining("threads: 'shared'") },
    ],
    [
      'eventStore on a route with shared threads',
      but({ agent: { ...mcp, eventStore: 'per-session' }, threads: 'shared' }),
      { path: 'agent.eventStore', found: '"per-session"', expected: 'nothing here' },
    ],
    ['an unknown value of eventStore', but({ agent: { ...mcp, eventStore: 'one' } }), { path: 'agent.eventStore' }],
    [
      'eventStore on a route to AG-UI',
      but({ agent: { ...agUi, eventStore: 'per-session' } }),
      { path: 'agent.eventStore' },
    ],
    ...(['copilotkit', 'ag-ui'] as const).map((kind): (typeof cases)[number] => [
      `shared threads of an unknown agent with identity in its state: ${kind}`,
      but({ agent: { ...agUi, kind }, threads: 'shared', identity: { state: { key: 'auth_user' } } }),
      { path: 'threads', remedy: expect.stringContaining('whoever-asked-first') },
    ]),
    ...(['tenant', 'shared'] as const).flatMap((threads) =>
      [{ kind: 'ag2' }, { kind: 'ag-ui', preset: 'crewai' }, { kind: 'ag-ui', preset: 'langgraph-fastapi' }].map(
        (stores): (typeof cases)[number] => [
          `${threads} threads of an agent that stores identity: ${Object.values(stores).join(' ')}`,
          but({ agent: { ...agUi, ...stores }, threads }),
          { path: 'threads', found: `"${threads}"`, remedy: expect.stringContaining('whoever-asked-first') },
        ],
      ),
    ),
    [
      'resumesAs on a route with own threads',
      but({ agent: { ...agUi, kind: 'ag2' }, resumesAs: 'whoever-asked-first' }),
      { path: 'resumesAs', expected: 'nothing here' },
    ],
    [
      'resumesAs for an agent that does not store identity',
      but({ agent: agUi, threads: 'tenant', resumesAs: 'whoever-asked-first' }),
      { path: 'resumesAs' },
    ],
    [
      'resumesAs with identity.state set to false',
      but({
        agent: { ...agUi, kind: 'ag2' },
        threads: 'tenant',
        identity: { state: false },
        resumesAs: 'whoever-asked-first',
      }),
      { path: 'resumesAs' },
    ],
    [
      'idleSeconds on a route with streams that the gateway does not read',
      but({ agent: mcp, limits: { idleSeconds: 30 } }),
      { path: 'limits.idleSeconds', found: '30', expected: 'limits.heartbeatSeconds above 0' },
    ],
    [
      'unowned on a route to AG-UI',
      but({ agent: agUi, unowned: 'hide' }),
      { path: 'unowned', expected: 'nothing here' },
    ],
    [
      'unowned on a route with shared threads',
      but({ threads: 'shared', unowned: 'claim-by-first' }),
      { path: 'unowned', found: '"claim-by-first"' },
    ],
    ['unowned on a public route', but({ ...open, unowned: 'claim-by-first' }), { path: 'unowned' }],
    [
      'an operation on all threads of a route with own threads',
      but({ agent: { ...copilotKit, operations: ['run.*', 'threads.clear'] } }),
      { path: 'agent.operations[1]', found: '"threads.clear"', remedy: expect.stringContaining("threads: 'shared'") },
    ],
    [
      'an operation on all threads of a route with threads by tenant',
      but({ agent: { ...copilotKit, operations: ['threads.search'] }, threads: 'tenant' }),
      { path: 'agent.operations[0]' },
    ],
    ['a number in place of the route', 7, { file: 'routes/index.ts [0]' }],
    ['null in place of the route', null, { file: 'routes/index.ts [0]' }],
  ]
  it.each(cases)(
    'a faulty route does not load, and the message names the path of the fault and the remedy: %s',
    (_what, route, expected) => {
      const faults = faultsOf([route])
      expect(faults.length).toBeGreaterThan(0)
      expect(faults).toContainEqual(expect.objectContaining(expected))
      // A remedy is a sentence, and so a text that is missing shows.
      for (const { remedy, found, ...rest } of faults) {
        expect(remedy).toMatch(/^[A-Z`].+[.:]/s)
        expect(found).not.toBe('')
        for (const part of Object.values(rest)) expect(part).toMatch(/^(?!undefined$)./s)
      }
    },
  )

  it('a route with two issuers does not load if user ids of the issuers could collide', () => {
    const second = { ...issuer, id: 'partner', issuer: 'https://partner.example.com' }
    expect(faultsOf([but({ trust: [issuer, second] })])).toContainEqual(expect.objectContaining({ path: 'trust' }))
    expect(faultsOf([but({ trust: [issuer, { ...second, subjectPrefix: 'partner|' }] })])).toEqual([])
  })

  it('a route behind a second gateway does not load if user ids of several identity providers could collide', () => {
    const outer = (id: string, from: object) => but({ id, path: `/${id}`, trust: [from], assertion: { audience: id } })
    const partner = { ...issuer, id: 'partner', issuer: 'https://partner.example.com' }
    const gate = { id: 'gate', issuer: { env: 'PUBLIC_URL' }, audience: ['staff', 'guests'], algorithms: ['ES256'] }
    const inner = but({ id: 'inner', path: '/inner', trust: [gate] })
    const of = (prefix: object) => faultsOf([outer('staff', issuer), outer('guests', { ...partner, ...prefix }), inner])
    const found = expect.objectContaining({ file: 'routes/inner.ts', path: 'trust' })
    expect(of({})).toContainEqual(found)
    expect(of({ subjectPrefix: 'partner|' })).not.toContainEqual(found)
    // One provider before both, and a gateway that is told of one route alone.
    expect(faultsOf([outer('staff', issuer), outer('guests', issuer), inner])).not.toContainEqual(found)
    const one = but({ id: 'inner', path: '/inner', trust: [{ ...gate, audience: ['staff'] }] })
    expect(faultsOf([outer('staff', issuer), outer('guests', partner), one])).not.toContainEqual(found)
  })

  it('routes with duplicate ids or overlapping paths do not load', () => {
    expect(faultsOf([good, but({ path: '/other' })])).toContainEqual(expect.objectContaining({ path: 'id' }))
    for (const path of ['/agents/support', '/agents', '/agents/support/more', '/']) {
      expect(faultsOf([good, but({ id: 'two', path })]), path).toContainEqual(expect.objectContaining({ path: 'path' }))
    }
    expect(faultsOf([good, but({ id: 'two', path: '/agents/support2' })])).toEqual([])
    const twin = but({ id: 'two', path: '/two', trust: [{ ...issuer, audience: ['else'] }] })
    expect(faultsOf([good, twin])).toContainEqual(expect.objectContaining({ file: 'policies/login.ts', path: 'id' }))
  })

  it.each([
    undefined,
    '',
    'gate.example.com',
    'http://gate.example.com',
    'https://gate.example.com/',
    'https://gate.example.com/x',
  ])('the configuration does not load with a PUBLIC_URL of %o', (PUBLIC_URL) => {
    expect(faultsOf([good], { ...environment, PUBLIC_URL })).toContainEqual(
      expect.objectContaining({ path: 'vars.PUBLIC_URL' }),
    )
  })

  it('the configuration does not load with an http address outside of development', () => {
    const env = {
      PUBLIC_URL: 'http://127.0.0.1:8787',
      ENVIRONMENT: 'development',
      SUPPORT_URL: 'http://127.0.0.1:2024',
    }
    expect(faultsOf([good], env)).toEqual([])
    expect(faultsOf([good], { ...env, ENVIRONMENT: 'production' }).map(({ path }) => path)).toEqual([
      'vars.PUBLIC_URL',
      'agent.origin.env',
    ])
    expect(faultsOf([good], { ...environment, ENVIRONMENT: 'dev' })).toContainEqual(
      expect.objectContaining({ path: 'vars.ENVIRONMENT' }),
    )
  })

  it('a configuration without routes does not load', () =>
    expect(faultsOf([])).toContainEqual(expect.objectContaining({ file: 'routes/index.ts' })))

  it('the error message lists all faults of the configuration with found, expected and remedy', () => {
    const bad = { ...good, limit: 1, agent: { kind: 'langgraph', origin: { env: 'NOT_SET' } } }
    const worse = { ...good, id: 'two', path: '/two', trust: [{ ...issuer, id: 'other', algorithms: [] }] }
    expect(
      new ConfigurationError(
        faultsOf([
          bad,
          worse,
          but({ id: 'three', path: '/three', agent: { kind: 'langgraph', origin: { env: 'NOT_SET' } } }),
        ]),
      ).message,
    ).toBe(
      [
        'Sallyport does not start: 3 faults in its configuration.',
        '',
        '  routes/support.ts  limit',
        '    found     an unknown key',
        '    expected  no such key',
        '    remedy    Remove the key, or correct its spelling.',
        '',
        '  policies/other.ts  algorithms',
        '    found     []',
        '    expected  at least one entry',
        '    remedy    Correct the value.',
        '',
        '  routes/three.ts  agent.origin.env',
        '    found     "NOT_SET", which is not bound',
        '    expected  the name of a variable that is set',
        '    remedy    Add NOT_SET to [vars] in wrangler.toml, and to the vars of each environment.',
        '',
      ].join('\n'),
    )
  })
})

describe('the effective configuration and the JSON Schema', () => {
  // wrangler.toml has to have all that this checkout's routes name.
  const env = readDeployments(process.cwd()).named(undefined).environment

  it('the effective configuration is plain JSON and survives a round trip', () => {
    const effective = effectiveConfiguration(load(routes, env, noNetwork), routes)
    expect(JSON.parse(JSON.stringify(effective))).toEqual(effective)
    for (const route of effective.routes) {
      expect(route).toMatchObject({
        id: expect.any(String),
        path: expect.any(String),
        agent: { kind: expect.any(String) },
        audience: expect.any(String),
      })
      expect(route.operations.length).toBeGreaterThan(0)
      expect(route.trust.length).toBeGreaterThan(0)
    }
  })

  it('the effective configuration shows the event store of an MCP route', () => {
    const route = but({ agent: { kind: 'mcp', origin: { env: 'SUPPORT_URL' }, eventStore: 'per-session' } }) as Route
    const [shown] = effectiveConfiguration(load([route], environment, noNetwork), [route]).routes
    expect(shown?.agent).toMatchObject({ kind: 'mcp', eventStore: 'per-session' })
  })

  it('the effective configuration shows preset, style, tokenInBody, servesPages, threads and resumesAs of a route', () => {
    const agent = { ...copilotKit, preset: 'mastra', style: 'single-route' }
    const more = { tokenInBody: true, servesPages: true, threads: 'shared', policies: [policyWithExamples(signedIn)] }
    const route = but({ agent, ...more, resumesAs: 'whoever-asked-first', identity: { state: { key: 'auth_user' } } })
    const [shown] = effectiveConfiguration(load([route], environment, noNetwork), [route as Route]).routes
    const { preset, style } = agent
    expect(shown).toMatchObject({ agent: { preset, style }, tokenInBody: true, servesPages: true })
    expect(shown).toMatchObject({ threads: 'shared', resumesAs: 'whoever-asked-first' })
  })

  it('the gateway watches a stream for silence only if the route sets heartbeatSeconds', () => {
    const loaded = (change: object) => load([but(change)], environment, noNetwork).routes.get('/agents/support')
    expect(loaded({ threads: 'tenant' })).toMatchObject({ watchesSilence: false, identityRemoved: expect.any(Object) })
    expect(loaded({ threads: 'tenant', limits: { heartbeatSeconds: 15 } })).toMatchObject({ watchesSilence: true })
    expect(loaded({})).toMatchObject({ watchesSilence: false, identityRemoved: undefined })
  })

  it('the JSON Schema accepts every shipped route and refuses faults that the loader refuses', () => {
    const validate = new Ajv2020({ strict: false }).compile(routeJsonSchema() as object)
    for (const route of routes) expect(validate(route), JSON.stringify(validate.errors)).toBe(true)
    for (const bad of [
      but({ limit: 1 }),
      butAgent({ kind: 'crew' }),
      butIssuer({ algorithms: ['HS256'] }),
      but({ path: 'x' }),
    ])
      expect(validate(bad)).toBe(false)
  })
})
