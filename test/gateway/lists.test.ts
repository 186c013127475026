import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { noNetwork } from '../../src/cli/no-network'
import type { Agent, Route } from '../../src/config/define'
import { ConfigurationError } from '../../src/config/fault'
import { load } from '../../src/config/load'
import { bearer, forge, openHttp, routeOf } from '../support/fixtures'
import { plainRequest } from '../support/raw'
import { json, openWorld, type World } from '../support/world'

/* Each list is compared whole with a literal: a name that is missing or added fails the test. */

const APP = 'https://app.example.com'
/** A new kind of agent does not compile without its lists. AG2 and MAF have those of AG-UI. */
type Kind = Exclude<Agent['kind'], 'ag2' | 'maf'>

/** The form of an idempotency key behind the gateway. */
const UUID = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)

let world: World

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => {
    const shared = { threads: 'shared', cors: { origins: [APP] } } as const
    return [
      routeOf(openHttp(url), [issuer], {
        cors: { origins: [APP] },
        forwardHeaders: ['x-app-version'],
        exposeHeaders: ['x-conversation-id', 'x-ratelimit-remaining'],
      }),
      ...Object.keys(reading)
        .filter((kind) => kind !== 'http')
        .map((kind) => routeOf({ kind, origin: { url } } as Agent, [issuer], shared)),
      routeOf({ kind: 'ag-ui', origin: { url }, preset: 'adk' }, [issuer], { id: 'adk', path: '/agents/adk' }),
      routeOf({ kind: 'ag-ui', origin: { url } }, [issuer], { id: 'own', path: '/agents/own' }),
      routeOf(openHttp(url), [issuer], { id: 'closed', path: '/agents/closed' }),
      routeOf(openHttp(url), [issuer], { id: 'amr', path: '/agents/amr', assertion: { claims: ['amr'] } }),
    ]
  })
})
afterAll(() => world?.close())
beforeEach(() => {
  world.origin.handle((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.end('{"ok":true}')
  })
})

/** A request of each kind that reads something, and has no body. */
const reading: Record<Kind, string> = {
  http: '/agents/http/x',
  langgraph: '/agents/langgraph/info',
  'ag-ui': '/agents/ag-ui',
  copilotkit: '/agents/copilotkit/info',
  mcp: '/agents/mcp',
  a2a: '/agents/a2a/tasks/1',
}
const sent = () => JSON.parse(world.origin.last().body)

describe('CORS headers', () => {
  const usual = 'content-type, last-event-id, accept, traceparent, tracestate, idempotency-key, authorization'
  const usuallyExposed =
    'content-location, location, retry-after, www-authenticate, x-pagination-next, x-pagination-total, x-request-id'
  const a2a = 'a2a-version, a2a-extensions, x-a2a-extensions'
  const cases: Record<Kind, readonly [methods: string, request: string, exposed: string]> = {
    http: [
      'GET, POST, PUT, DELETE',
      `${usual}, content-encoding, content-range, if-range, range, x-app-version`,
      `${usuallyExposed}, allow, content-range, x-conversation-id, x-ratelimit-remaining`,
    ],
    langgraph: ['POST, GET, PATCH, DELETE', `${usual}, x-api-key, x-auth-scheme`, usuallyExposed],
    'ag-ui': ['POST, GET', usual, usuallyExposed],
    copilotkit: ['GET, POST, PATCH, DELETE', usual, usuallyExposed],
    mcp: [
      'POST, GET, DELETE',
      `${usual}, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name`,
      `${usuallyExposed}, mcp-session-id, mcp-protocol-version`,
    ],
    a2a: ['POST, GET', `${usual}, ${a2a}`, `${usuallyExposed}, ${a2a}`],
  }

  it.each(Object.entries(cases).map(([kind, lists]) => [kind as Kind, ...lists] as const))(
    'CORS allows and exposes exactly the documented headers on a route of kind %s',
    async (kind, methods, request, exposed) => {
      const asked = { origin: APP, 'access-control-request-method': 'POST' }
      const preflight = await world.gateway.fetch(reading[kind], { method: 'OPTIONS', headers: asked })
      expect(Object.fromEntries([...preflight.headers].filter(([name]) => /^access-control|^vary/.test(name)))).toEqual(
        {
          'access-control-allow-origin': APP,
          'access-control-allow-methods': methods,
          'access-control-allow-headers': request,
          'access-control-max-age': '600',
          vary: 'Origin',
        },
      )
      const reply = await world.as('alice', reading[kind], { headers: { origin: APP } })
      expect(Object.fromEntries([...reply.headers].filter(([name]) => /^access-control|^vary/.test(name)))).toEqual({
        'access-control-allow-origin': APP,
        'access-control-expose-headers': exposed,
        vary: 'Origin',
      })
    },
  )

  it('CORS on an MCP route allows the Mcp-Param headers that the page asks for', async () => {
    const headers = {
      origin: APP,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'Mcp-Param-Region, mcp-param-x,x-other,mcp-param-"',
    }
    for (const path of [reading.mcp, '/nowhere']) {
      const reply = await world.gateway.fetch(path, { method: 'OPTIONS', headers })
      const allowed = reply.headers.get('access-control-allow-headers') ?? ''
      expect(allowed.split(', ').filter((name) => name.startsWith('mcp-param'))).toEqual([
        'mcp-param-region',
        'mcp-param-x',
      ])
      expect(allowed).not.toContain('x-other')
    }
  })

  it('CORS at an unknown path covers the methods and headers of all routes', async () => {
    const reply = await world.as('alice', '/nowhere', { headers: { origin: APP } })
    const asked = { origin: APP, 'access-control-request-method': 'POST' }
    const preflight = await world.gateway.fetch('/nowhere', { method: 'OPTIONS', headers: asked })
    const methods = preflight.headers.get('access-control-allow-methods')?.split(', ').sort()
    expect(methods).toEqual(['DELETE', 'GET', 'PATCH', 'POST', 'PUT'])
    const [, , http] = cases.http
    expect(reply.headers.get('access-control-expose-headers')).toBe(
      `${http}, mcp-session-id, mcp-protocol-version, ${a2a}`,
    )
  })
})

describe('request headers that reach an agent', () => {
  const asked = [
    ...['accept', 'accept-charset', 'accept-language', 'cache-control', 'content-language', 'content-type', 'cookie'],
    ...['content-encoding', 'content-range'],
    ...['date', 'dnt', 'dpop', 'early-data', 'forwarded', 'from', 'idempotency-key', 'if-match', 'if-modified-since'],
    ...['if-none-match', 'if-range', 'if-unmodified-since', 'last-event-id', 'max-forwards', 'prefer', 'priority'],
    ...['range', 'referer', 'sec-fetch-mode', 'tracestate', 'user-agent', 'warning', 'x-api-key', 'x-app-version'],
    ...['x-forwarded-for', 'x-requested-with', 'x-user-id', 'x-user-name', 'x-anything', 'langsmith-trace', 'baggage'],
    ...['a2a-version', 'a2a-extensions', 'x-a2a-extensions', 'mcp-protocol-version', 'mcp-session-id', 'mcp-method'],
    ...['mcp-name', 'mcp-param-region', 'mcp-anything', 'content-location', 'origin-trial', 'authorization-info'],
  ]
  const usual = [
    ...['accept', 'accept-language', 'content-type', 'idempotency-key', 'if-match', 'if-modified-since'],
    ...['if-none-match', 'if-unmodified-since', 'last-event-id', 'prefer'],
  ]
  /** Headers that the gateway and the runtime set themselves. */
  const always = ['accept-encoding', 'traceparent', 'tracestate', 'via', 'host', 'cache-control', 'pragma', 'cf-worker']
  const plainIdentity = ['id', 'email', 'name', 'roles', 'scopes', 'tenant', 'issuer'].map((name) => `x-user-${name}`)
  const a2a = ['a2a-version', 'a2a-extensions', 'x-a2a-extensions']
  const mcp = ['mcp-protocol-version', 'mcp-session-id', 'mcp-method', 'mcp-name', 'mcp-param-region']
  const cases: Record<Kind, readonly string[]> = {
    http: ['x-sallyport-assertion', 'x-app-version', 'content-encoding', 'content-range', 'if-range', 'range'],
    langgraph: ['authorization', ...plainIdentity],
    'ag-ui': ['x-sallyport-assertion'],
    copilotkit: ['authorization', ...plainIdentity],
    mcp: ['x-sallyport-assertion', ...mcp],
    a2a: ['x-sallyport-assertion', ...a2a],
  }

  it.each(Object.entries(cases) as [Kind, readonly string[]][])(
    'an agent of kind %s receives exactly the request headers that are allowed for this kind',
    async (kind, more) => {
      const headers = {
        ...Object.fromEntries(asked.map((name) => [name, `from-the-caller; ${name}`])),
        ...{ traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'from=the-caller' },
        ...bearer(await world.token('alice')),
      }
      const { status, body } = await plainRequest(world.gateway.url, { path: reading[kind], headers })
      expect(status, body).toBe(200)
      const received = world.origin.last().headers
      expect(Object.keys(received).sort()).toEqual([...usual, ...always, ...more].sort())
      for (const name of [...usual, ...more.filter((each) => asked.includes(each) && !each.startsWith('x-user'))])
        expect(received[name]).toEqual(name === 'idempotency-key' ? UUID : `from-the-caller; ${name}`)
    },
  )
})

describe('reply headers that reach a caller', () => {
  const answered = [
    ...['accept-ranges', 'age', 'allow', 'alt-svc', 'cache-control', 'clear-site-data', 'content-disposition'],
    ...['content-language', 'content-location', 'content-security-policy', 'etag', 'expires', 'last-modified', 'link'],
    ...['location', 'mcp-protocol-version', 'mcp-session-id', 'nel', 'proxy-authenticate', 'refresh', 'retry-after'],
    ...['server', 'server-timing', 'set-cookie', 'strict-transport-security', 'vary', 'via', 'warning'],
    ...['www-authenticate', 'x-pagination-next', 'x-pagination-total', 'x-powered-by', 'x-request-id', 'x-anything'],
    ...['a2a-version', 'a2a-extensions', 'x-a2a-extensions', 'x-sallyport-assertion', 'x-accel-buffering'],
    ...['x-conversation-id', 'x-ratelimit-remaining', 'content-range'],
    ...['access-control-allow-credentials', 'access-control-allow-origin', 'access-control-expose-headers'],
  ]
  const usual = [
    ...['accept-ranges', 'content-disposition', 'content-language', 'content-type', 'etag', 'last-modified'],
    ...['retry-after', 'x-pagination-next', 'x-pagination-total', 'location', 'content-location'],
  ]
  const always = ['cache-control', 'content-security-policy', 'vary', 'x-content-type-options', 'x-request-id']
  const a2a = ['a2a-version', 'a2a-extensions', 'x-a2a-extensions']
  const cases: Record<Kind, readonly string[]> = {
    http: ['allow', 'content-range', 'x-conversation-id', 'x-ratelimit-remaining'],
    langgraph: [],
    'ag-ui': [],
    copilotkit: [],
    mcp: ['mcp-protocol-version', 'mcp-session-id'],
    a2a: a2a,
  }

  it.each(Object.entries(cases) as [Kind, readonly string[]][])(
    'the caller of an agent of kind %s receives exactly the reply headers that are allowed for this kind',
    async (kind, more) => {
      world.origin.handle((_request, response) => {
        for (const name of answered) response.setHeader(name, 'from-the-agent')
        for (const name of ['location', 'content-location']) response.setHeader(name, '/there')
        response.setHeader('content-type', 'application/json')
        response.end('{}')
      })
      const { headers } = await plainRequest(world.gateway.url, {
        path: reading[kind],
        headers: bearer(await world.token('alice')),
      })
      const { connection: _, 'content-length': __, 'transfer-encoding': ___, ...rest } = headers
      expect(Object.keys(rest).sort()).toEqual([...usual, ...always, ...more].sort())
      const own = ['content-type', 'location', 'content-location']
      for (const name of [...usual, ...more].filter((each) => !own.includes(each)))
        expect(rest[name]).toBe('from-the-agent')
      expect(rest['x-request-id']).not.toBe('from-the-agent')
    },
  )
})

describe('claims of the assertion', () => {
  const emitted = [
    ...['iss', 'aud', 'sub', 'idp', 'iat', 'nbf', 'exp', 'jti', 'caller', 'amr', 'roles', 'scope', 'client_id', 'act'],
    ...['email', 'name', 'tenant', 'rid', 'htm', 'htu', 'thread_id', 'bdg'],
  ]
  /** The gateway does not emit these, but an agent could take them for a key binding. */
  const alsoReserved = ['cnf', 'nonce', 'txn']

  it('an assertion for a caller with all claims has exactly the expected claims', async () => {
    const claims = {
      ...{ roles: ['admin'], scope: 'use', tenant: 'acme', email: 'alice@example.com', name: 'Alice' },
      ...{ act: { sub: 'app' }, department: 'R&D', azp: 'app' },
    }
    const token = await forge(world.provider, { claims })
    const run = json({ threadId: 't', runId: 'r', messages: [] }, bearer(token))
    expect((await world.gateway.fetch('/agents/ag-ui', run)).status).toBe(200)
    const assertion = String(world.origin.last().headers['x-sallyport-assertion'])
    expect(Object.keys(decodeJwt(assertion)).sort()).toEqual([...emitted].sort())
  })

  /**
   * Claims with the same meaning as in IANA's registry of JWT claims, in tokens of Entra and in
   * the default map of .NET.
   */
  const agreed = [
    ...['iss', 'aud', 'sub', 'iat', 'nbf', 'exp', 'jti', 'scope', 'roles', 'client_id', 'act', 'email', 'name'],
    // RFC 8176 has no name for either of our two methods, and lets others be used.
    ...['htm', 'htu', 'idp', 'amr'],
  ]
  /**
   * Names that mean something else there than they could here. `tid`, the tenant, was once the
   * thread.
   */
  const taken = [
    // .NET's `DefaultInboundClaimTypeMap`.
    ...['acr', 'actort', 'adfs1email', 'adfs1upn', 'authmethod', 'birthdate', 'clientapplication', 'clientip'],
    ...['clientuseragent', 'commonname', 'deviceid', 'deviceregid', 'endpointpath', 'family_name', 'forwardedclientip'],
    ...['gender', 'given_name', 'group', 'groupsid', 'insidecorporatenetwork', 'isregistereduser', 'nameid', 'oid'],
    ...['ppid', 'primarygroupsid', 'primarysid', 'prn', 'proxy', 'relyingpartytrustid', 'role', 'scp', 'tid'],
    ...['unique_name', 'upn', 'website'],
    // Entra's access tokens.
    ...['acct', 'acrs', 'aio', 'appid', 'appidacr', 'azp', 'azpacr', 'ctry', 'groups', 'hasgroups', 'idtyp', 'in_corp'],
    ...['ipaddr', 'login_hint', 'preferred_username', 'rh', 'sid', 'tenant_ctry', 'uti', 'ver', 'wids', 'xms_cc'],
    // IANA's registry, of names as short as ours.
    ...['ath', 'atc', 'cdniv', 'cnf', 'crn', 'dest', 'div', 'eat_nonce', 'entitlements', 'events', 'exi', 'jcard'],
    ...['may_act', 'nonce', 'opn', 'orig', 'origid', 'rcd', 'rph', 'sph', 'sub_id', 'sub_jwk', 'toe', 'txn', 'ueid'],
    ...['vot', 'vtm', 'zoneinfo'],
  ]

  it('no assertion claim reuses the name of a registered claim with another meaning', () => {
    const own = emitted.filter((claim) => !agreed.includes(claim))
    expect(own.sort()).toEqual(['bdg', 'caller', 'rid', 'tenant', 'thread_id'])
    expect(emitted.filter((claim) => taken.includes(claim))).toEqual([])
  })

  const faultsOf = (claim: string): string[] => {
    const route: Route = {
      ...routeOf(openHttp('https://agent.example.com'), [world.issuer]),
      assertion: { claims: [claim] },
    }
    try {
      load([route], { PUBLIC_URL: 'http://127.0.0.1:1', ENVIRONMENT: 'development' }, noNetwork)
      return []
    } catch (thrown) {
      if (thrown instanceof ConfigurationError) return thrown.faults.map(({ path }) => path)
      throw thrown
    }
  }

  const copied = ['amr']
  const reserved = [...emitted, ...alsoReserved].filter((claim) => !copied.includes(claim))
  it.each(reserved)('a route cannot copy the reserved claim %s from the token', (claim) => {
    expect(faultsOf(claim)).toEqual(['assertion.claims[0]'])
  })

  it('a copied amr claim begins with the sign-in method that the gateway used', async () => {
    const token = await forge(world.provider, { claims: { amr: ['pwd', 'mfa'] } })
    expect((await world.gateway.fetch('/agents/amr/x', { headers: bearer(token) })).status).toBe(200)
    const assertion = String(world.origin.last().headers['x-sallyport-assertion'])
    expect(decodeJwt(assertion).amr).toEqual(['jwt', 'pwd', 'mfa'])
  })

  it('a route can copy claims that are not reserved from the token of the caller', () => {
    for (const claim of ['department', 'groups', 'tid2', 'https://example.com/roles'])
      expect(faultsOf(claim)).toEqual([])
  })
})

describe('identity names in a body', () => {
  const everyOne = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'mallory']))

  it('exactly the identity names are removed from the state of an ADK agent', async () => {
    const forged = [
      ...['headers', 'Headers', '_ag_ui_thread_id', '_AG_UI_x', 'app:', 'app:theme', 'APP:theme'],
      ...['user:user_id', 'user:user-id', 'user:userid', 'user:userId', 'USER:USER_ID'],
      ...['temp:user_id', 'temp:user-id', 'temp:userid', 'temp:userId', 'TEMP:USER_ID'],
      ...['user_id', 'userId', 'user-id', 'user.id', 'USER_ID', 'auth_user', 'authUser'],
    ]
    const kept = everyOne(['cart', 'user:theme', 'temp:draft', 'user:user_ids', 'application', 'ag_ui', 'header'])
    const run = { threadId: 't', runId: 'r', messages: [], state: { ...everyOne(forged), ...kept } }
    expect((await world.as('bob', '/agents/adk', json(run))).status).toBe(200)
    expect(sent().state).toEqual({ ...kept, user_id: 'bob' })
  })

  it.each(['forwardedProps', 'forwarded_props'])(
    'exactly the documented names are removed from %s of an AG-UI run',
    async (at) => {
      const forbidden = [
        ...['authorization', 'auth_user', 'user_id', 'webhook', 'config', 'context', 'metadata', 'headers'],
        ...['mcp_servers', 'mcp_endpoints', '__proxied_mcp_request'],
      ]
      const ids = ['thread_id', 'run_id', 'parent_run_id', 'session_id', 'conversation_id', 'fork_session']
      const camel = (name: string) => name.replace(/(?<=[a-z])_([a-z])/g, (_, letter: string) => letter.toUpperCase())
      const spellings = (names: readonly string[]) =>
        everyOne(names.flatMap((name) => [name, camel(name), name.toUpperCase(), name.replaceAll('_', '-')]))
      const kept = everyOne(['theme', 'model', 'userName', 'session'])
      const run = (props: object) => json({ threadId: 't', runId: 'r', messages: [], [at]: props })
      await world.as('bob', '/agents/ag-ui', run({ ...spellings(forbidden), ...kept }))
      expect(sent()[at]).toEqual(kept)
      // Where threads belong to their callers, no other thread, run or session may be named either.
      await world.as('bob', '/agents/own', run({ ...spellings([...forbidden, ...ids]), resume: 'mallory', ...kept }))
      expect(sent()[at]).toEqual(kept)
    },
  )

  it('from each place where LangGraph reads configuration, exactly the identity names are removed', async () => {
    const identity = ['x-user-id', 'x-user-email', 'x-user-name', 'x-user-roles', 'x-user-scopes', 'x-user-tenant']
    const plain = [...identity, 'x-user-issuer'].map((name) => name.replaceAll('-', ''))
    const spelled = everyOne([...plain, 'xUserId', 'x_user_id', 'x.user.id'])
    const configurable = everyOne([
      ...['x-anything', 'X-Anything', 'user_id', 'user-id', 'userId', 'user.id', '__anything', 'baggage'],
      ...['langsmith-trace', 'langsmith-project', 'langgraph_auth_user', 'langgraph_auth_user_id'],
      ...['langgraph_auth_permissions', 'copilotkit_forwarded_headers'],
    ])
    const kept = everyOne(['model', 'tone', 'user_ids', 'langsmith'])
    const holder = { ...spelled, ...configurable, ...kept }
    const metadata = { ...spelled, user_id: 'a filter', topic: 'x' }
    const run = {
      ...{ assistant_id: 'agent', config: { configurable: holder, metadata }, context: holder, checkpoint: holder },
      ...{ metadata, langsmith_tracer: { project: 'mallory' } },
    }
    const cleared = {
      assistant_id: 'agent',
      config: { configurable: kept, metadata: { user_id: 'a filter', topic: 'x' } },
      context: kept,
      checkpoint: kept,
      metadata: { user_id: 'a filter', topic: 'x' },
    }
    for (const path of ['/runs/wait', '/threads/t/runs/stream']) {
      await world.as('bob', `/agents/langgraph${path}`, json(run))
      expect(sent()).toEqual(cleared)
    }
  })

  it('exactly the identity names are removed from metadata of A2A requests and parts', async () => {
    const metadata = { ...everyOne(['auth_user', 'authUser', 'user_id', 'userId', 'USER-ID']), topic: 'x' }
    const nested = { ...metadata, deeper: [metadata] }
    const cleared = { topic: 'x', deeper: [{ topic: 'x' }] }
    const message = (its: object) => ({ messageId: 'm', parts: [{ text: 'hi', metadata: its }], metadata: its })
    const params = (its: object) => ({ message: message(its), metadata: its })
    const call = { jsonrpc: '2.0', id: 1, method: 'SendMessage' }
    await world.as('bob', '/agents/a2a', json({ ...call, params: params(nested) }))
    expect(sent()).toEqual({ ...call, params: params(cleared) })
    await world.as('bob', '/agents/a2a/message:send', json(params(nested)))
    expect(sent()).toEqual(params(cleared))
  })
})

describe('A2A cards', () => {
  const agent = { provider: { organization: 'Example', url: 'https://example.com' }, name: 'Echo', version: '1' }
  const sign = { signatures: [{ protected: 'e30', signature: 'c2ln' }] }
  const security = {
    security: [{ oauth: [] }],
    securityRequirements: [{ schemes: { oauth: { list: [] } } }],
    securitySchemes: { oauth: { type: 'oauth2' } },
  }
  const skill = { id: 'echo', name: 'Echo', tags: ['words'] }
  const skills = [{ ...skill, security: security.security, securityRequirements: security.securityRequirements }]
  const modern = () => ({
    ...agent,
    ...sign,
    ...security,
    skills,
    supportedInterfaces: [
      { url: `${world.origin.url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      { url: 'agent.internal:50051', protocolBinding: 'GRPC', protocolVersion: '1.0' },
    ],
  })
  const old = () => ({
    ...agent,
    ...sign,
    ...security,
    skills,
    url: `${world.origin.url}/rpc`,
    preferredTransport: 'JSONRPC',
    additionalInterfaces: [
      { url: `${world.origin.url}/rest`, transport: 'HTTP+JSON' },
      { url: 'agent.internal:50051', transport: 'GRPC' },
    ],
  })
  const gate = () => `${world.gateway.url}/agents/a2a`
  const asSeen = (card: 'modern' | 'old') =>
    card === 'modern'
      ? {
          ...agent,
          skills: [skill],
          supportedInterfaces: [{ url: `${gate()}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
          securitySchemes: { bearer: { httpAuthSecurityScheme: { scheme: 'Bearer', bearerFormat: 'JWT' } } },
          securityRequirements: [{ schemes: { bearer: { list: [] } } }],
        }
      : {
          ...agent,
          skills: [skill],
          url: `${gate()}/rpc`,
          preferredTransport: 'JSONRPC',
          additionalInterfaces: [{ url: `${gate()}/rest`, transport: 'HTTP+JSON' }],
          securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
          security: [{ bearer: [] }],
        }
  const answering = (answer: unknown) =>
    world.origin.handle((_request, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(answer))
    })

  it.each(['modern', 'old'] as const)(
    'an A2A card of the %s form is rewritten in the answer of every endpoint and method that returns a card',
    async (form) => {
      const card = form === 'modern' ? modern() : old()
      answering(card)
      for (const path of ['/.well-known/agent-card.json', '/.well-known/agent.json', '/extendedAgentCard', '/v1/card'])
        expect([path, await (await world.as('alice', `/agents/a2a${path}`)).json()]).toEqual([path, asSeen(form)])
      answering({ jsonrpc: '2.0', id: 1, result: card })
      for (const method of ['GetExtendedAgentCard', 'agent/getAuthenticatedExtendedCard']) {
        const reply = await world.as('alice', '/agents/a2a', json({ jsonrpc: '2.0', id: 1, method }))
        expect(await reply.json()).toEqual({ jsonrpc: '2.0', id: 1, result: asSeen(form) })
      }
    },
  )

  it('an A2A card that cannot be rewritten gets 502, and an error passes unchanged', async () => {
    answering({ supported_interfaces: [] })
    expect((await world.as('alice', '/agents/a2a/.well-known/agent-card.json')).status).toBe(502)
    const error = { jsonrpc: '2.0', id: 1, error: { code: -32007, message: 'no extended card' } }
    answering(error)
    const call = json({ jsonrpc: '2.0', id: 1, method: 'GetExtendedAgentCard' })
    expect(await (await world.as('alice', '/agents/a2a', call)).json()).toEqual(error)
  })
})

describe('thread ids of a CopilotKit runtime', () => {
  const SUFFIXES = [
    ...['info', 'inspector-metadata', 'inspector-learning', 'transcribe', 'cpk-debug-events', 'run', 'suggest'],
    'connect',
  ]

  it.each(SUFFIXES)('a request for the reserved CopilotKit thread %s gets 404', async (name) => {
    const reply = await world.as('alice', `/agents/copilotkit/agent/default/stop/${name}`, { method: 'POST' })
    expect([reply.status, ((await reply.json()) as { code: string }).code]).toEqual([404, 'operation-unknown'])
  })

  it('a CopilotKit thread can have an id that is not reserved', async () => {
    for (const name of ['stop', 'infos', 'threads', 'messages'])
      expect(
        (await world.as('alice', `/agents/copilotkit/agent/default/stop/${name}`, { method: 'POST' })).status,
      ).toBe(200)
  })
})

describe('audit lines', () => {
  const first = ['v', 'at', 'id', 'trace', 'method', 'path']
  const membersOf = async (reply: Response) => {
    await reply.arrayBuffer()
    const event = await world.gateway.auditOf(reply)
    return { line: Object.keys(event), ms: Object.keys(event.ms).sort() }
  }
  const run = json({ threadId: 't', runId: 'r', messages: [] })

  it('the audit line of a forwarded request has exactly the expected members and times', async () => {
    const { line, ms } = await membersOf(await world.as('alice', '/agents/own', run))
    const known = ['route', 'operations', 'thread', 'who', 'decision', 'outcome', 'status', 'stream', 'ms']
    expect([...line].sort()).toEqual([...first, ...known].sort())
    expect(ms).toEqual(['decide', 'origin', 'sign', 'threads', 'total', 'verify'])
  })

  it('the audit line of a refused request has exactly the expected members and times', async () => {
    const { line, ms } = await membersOf(await world.as(undefined, '/agents/own', run))
    expect([...line].sort()).toEqual([...first, 'route', 'outcome', 'status', 'code', 'ms'].sort())
    expect(ms).toEqual(['total'])
  })
})
