import { expect } from 'vitest'
import type { Agent, Issuer, Route } from '../../src/config/define'
import { policyWithExamples } from '../support/fixtures'
import type { Received } from '../support/origin'
import { seconds } from '../support/tokens'
import { json } from '../support/world'

/* The effect of each optional field of the configuration, as a request to the gateway shows it. */

export interface Request {
  readonly path?: string
  readonly init?: RequestInit
  /** Of the token, beside the usual ones. */
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  /** Sends the token in the body instead of the header. */
  readonly body?: (token: string) => unknown
  readonly anonymous?: boolean
}

export interface Seen {
  readonly status: number
  readonly reply: Headers
  /** The last request that reached the agent: this one, or one before it if this was refused. */
  readonly received: Received
  readonly body: Record<string, unknown>
  /** Of the assertion that reached the agent. */
  readonly claims: Record<string, unknown>
  readonly header: Record<string, unknown>
}
export type Ask = (request?: Request) => Promise<Seen>

/** A field, and what the same request shows on a route that sets it and on one that does not. */
export interface Case {
  readonly field: string
  /** The site that stands for its identity provider; `login` otherwise. */
  readonly issuerName?: string
  /** The agent of both routes; one that takes anything otherwise. */
  readonly agent?: (url: string) => Agent
  /** Of both routes. */
  readonly both?: Partial<Route>
  /** The field: of the issuer, of the agent or of the route. */
  readonly issuer?: Partial<Issuer>
  readonly agentField?: object | ((url: string) => object)
  readonly route?: Partial<Route>
  readonly see: (ask: Ask) => Promise<unknown>
  readonly set: unknown
  readonly unset: unknown
}

export const APP = 'https://app.example.com'
const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
const status: Case['see'] = async (ask) => (await ask()).status
const statusOf =
  (request: Request): Case['see'] =>
  async (ask) =>
    (await ask(request)).status
/** The status for a token with these times, which count from the moment it is sent. */
const statusAt =
  (times: (now: number) => { iat: number; exp: number }): Case['see'] =>
  async (ask) =>
    (await ask({ claims: times(seconds()) })).status
/** A claim of the assertion, where the caller's token has these. */
const claim =
  (name: string, claims: Record<string, unknown>): Case['see'] =>
  async (ask) =>
    (await ask({ claims })).claims[name]
const run = (more: object = {}) => json({ threadId: 't', runId: 'r', messages: [], ...more })
const bodyOf =
  (init: RequestInit, path = ''): Case['see'] =>
  async (ask) =>
    (await ask({ path, init })).body
const agent =
  (kind: 'langgraph' | 'ag2' | 'ag-ui' | 'copilotkit' | 'mcp') =>
  (url: string): Agent => ({ kind, origin: { url } })
const shared: Partial<Route> = { threads: 'shared' }
const onlyNested = policyWithExamples({
  id: 'only-nested',
  allow: [{ name: 'nested', operations: ['*'], when: { role: 'nested' } }],
})
/** Channels by which an assertion reaches the agent. */
const channels: Case['see'] = async (ask) => {
  const { headers } = (await ask()).received
  return ['authorization', 'x-sallyport-assertion'].filter((name) => name in headers)
}
const receivedHeader =
  (name: string, request: Request = {}): Case['see'] =>
  async (ask) =>
    (await ask(request)).received.headers[name]
const expiredFor = (ago: number) => statusAt((now) => ({ iat: now - 600, exp: now - ago }))
const lastingFor = (long: number) => statusAt((now) => ({ iat: now - 5, exp: now - 5 + long }))

export const ofIssuers: readonly Case[] = [
  {
    field: 'claims.roles',
    issuer: { claims: { roles: 'realm_access.roles' } },
    see: claim('roles', { roles: ['plain'], realm_access: { roles: ['nested'] } }),
    set: ['nested'],
    unset: ['plain'],
  },
  {
    field: 'claims.roles, by the whole name of a claim',
    issuer: { claims: { roles: 'https://example.com/roles' } },
    see: claim('roles', { roles: ['plain'], 'https://example.com/roles': ['nested'] }),
    set: ['nested'],
    unset: ['plain'],
  },
  {
    field: 'claims.roles, from several places',
    issuer: { claims: { roles: { firstOf: [['o.x', 'rol'], 'o.rol', 'org_role'] } } },
    async see(ask) {
      const roles = async (claims: object) => (await ask({ claims: { roles: ['plain'], ...claims } })).claims.roles
      return [await roles({ org_role: 'old' }), await roles({ org_role: 'old', o: { rol: 'new' } })]
    },
    set: [['old'], ['new']],
    unset: [['plain'], ['plain']],
  },
  {
    field: 'claims.subject',
    issuer: { claims: { subject: 'oid' } },
    see: claim('sub', { oid: '7d4f' }),
    set: '7d4f',
    unset: 'alice',
  },
  {
    field: 'keepRoles',
    issuer: { keepRoles: ['app-*', 'a.b'] },
    see: claim('roles', { roles: ['app-admin', 'my-app-x', 'a.b', 'aXb', 'app-'] }),
    set: ['app-admin', 'a.b', 'app-'],
    unset: ['app-admin', 'my-app-x', 'a.b', 'aXb', 'app-'],
  },
  {
    field: 'callers',
    issuer: { callers: 'services' },
    see: claim('caller', {}),
    set: 'service',
    unset: 'user',
  },
  {
    field: 'audienceFrom',
    issuer: { audienceFrom: { claim: 'client_id', where: { token_use: 'access', sid: true } } },
    async see(ask) {
      const of = { aud: undefined, client_id: 'agents', token_use: 'access', sid: 's' }
      const tries = [
        of,
        { ...of, client_id: 'other' },
        { ...of, token_use: 'other' },
        { ...of, sid: undefined },
        { ...of, client_id: undefined },
        { ...of, aud: 'other' },
        { ...of, aud: 'agents', token_use: 'other' },
      ]
      return Promise.all(tries.map(async (claims) => (await ask({ claims })).status))
    },
    set: [200, 401, 401, 401, 401, 401, 200],
    unset: [401, 401, 401, 401, 401, 401, 200],
  },
  {
    field: 'claims.roles, as policies see it',
    both: { policies: [onlyNested] },
    issuer: { claims: { roles: 'realm_access.roles' } },
    see: statusOf({ claims: { realm_access: { roles: ['nested'] } } }),
    set: 200,
    unset: 403,
  },
  {
    field: 'roleSeparator',
    issuer: { roleSeparator: ',' },
    see: claim('roles', { roles: 'no admin,member' }),
    set: ['no admin', 'member'],
    unset: ['no admin,member'],
  },
  {
    field: 'claims.scopes',
    issuer: { claims: { scopes: 'rights' } },
    see: claim('scope', { scope: 'plain', rights: ['a', 'b'] }),
    set: 'a b',
    unset: 'plain',
  },
  {
    field: 'claims.tenant',
    issuer: { claims: { tenant: 'org.id' } },
    see: claim('tenant', { tenant: 'plain', org: { id: 'nested' } }),
    set: 'nested',
    unset: 'plain',
  },
  {
    field: 'claims.email',
    issuer: { claims: { email: 'contact.email' } },
    see: claim('email', { email: 'plain', contact: { email: 'nested' } }),
    set: 'nested',
    unset: 'plain',
  },
  {
    field: 'claims.name',
    issuer: { claims: { name: 'profile.full' } },
    see: claim('name', { name: 'plain', profile: { full: 'nested' } }),
    set: 'nested',
    unset: 'plain',
  },
  {
    field: 'claims.client',
    issuer: { claims: { client: 'app.id' } },
    see: claim('client_id', { client_id: 'plain', app: { id: 'nested' } }),
    set: 'nested',
    unset: 'plain',
  },
  {
    field: 'claims, field by field over those of a preset',
    both: { assertion: { claims: [] } },
    issuer: { preset: 'zitadel', claims: { tenant: 'org' } },
    async see(ask) {
      const byProject = { 'urn:zitadel:iam:org:project:roles': { nested: { nested: 'acme.example.com' } } }
      const claims = { roles: ['plain'], ...byProject, tenant: 'plain', org: 'nested' }
      const { roles, tenant } = (await ask({ claims })).claims
      return { roles, tenant }
    },
    set: { roles: ['nested'], tenant: 'nested' },
    unset: { roles: ['plain'], tenant: 'plain' },
  },
  {
    field: 'audience',
    issuer: { audience: ['first', 'second'] },
    see: statusOf({ claims: { aud: 'second' } }),
    set: 200,
    unset: 401,
  },
  { field: 'algorithms', issuer: { algorithms: ['RS256'] }, see: status, set: 401, unset: 200 },
  {
    field: 'tokenType: at+jwt',
    issuer: { tokenType: 'at+jwt' },
    see: statusOf({ header: { typ: 'JWT' } }),
    set: 401,
    unset: 200,
  },
  {
    field: 'tokenType: id-token',
    issuer: { tokenType: 'id-token' },
    see: statusOf({ header: { typ: 'JWT' }, claims: { at_hash: 'h' } }),
    set: 200,
    unset: 401,
  },
  {
    field: 'requiredClaims',
    issuer: { requiredClaims: ['department'] },
    async see(ask) {
      return [(await ask()).status, (await ask({ claims: { department: 'R&D' } })).status]
    },
    set: [401, 200],
    unset: [200, 200],
  },
  {
    field: 'maxLifetimeSeconds, shorter than a day',
    issuer: { maxLifetimeSeconds: 900 },
    see: lastingFor(1000),
    set: 401,
    unset: 200,
  },
  {
    field: 'maxLifetimeSeconds, longer than a day',
    issuer: { maxLifetimeSeconds: 200_000 },
    see: lastingFor(100_000),
    set: 200,
    unset: 401,
  },
  {
    field: 'clockSkewSeconds: 0',
    issuer: { clockSkewSeconds: 0 },
    see: expiredFor(5),
    set: 401,
    unset: 200,
  },
  {
    field: 'clockSkewSeconds: 60',
    issuer: { clockSkewSeconds: 60 },
    see: expiredFor(40),
    set: 200,
    unset: 401,
  },
  {
    field: 'subjectPrefix',
    issuer: { subjectPrefix: 'partner|' },
    see: claim('sub', {}),
    set: 'partner|alice',
    unset: 'alice',
  },
  {
    field: 'jwksUri',
    issuerName: 'pinned',
    issuer: { jwksUri: { env: 'KEYS_URL' } },
    see: status,
    set: 200,
    unset: 503,
  },
  { field: 'issuer, from a variable', issuer: { issuer: { env: 'OTHER_ISSUER' } }, see: status, set: 401, unset: 200 },
]

export const ofAgents: readonly Case[] = [
  {
    field: 'origin, with a path',
    agentField: (url) => ({ origin: { url: `${url}/inner/` } }),
    see: async (ask) => (await ask({ path: '/x?a=1' })).received.url,
    set: '/inner/x?a=1',
    unset: '/x?a=1',
  },
  {
    field: 'origin, from a variable',
    agentField: { origin: { env: 'AGENT_URL' } },
    see: async (ask) => (await ask({ path: '/x' })).received.url,
    set: '/by-variable/x',
    unset: '/x',
  },
  {
    field: 'operations, which close the others',
    agent: agent('ag-ui'),
    agentField: { operations: ['run.stream'] },
    async see(ask) {
      return [(await ask({ init: run() })).status, (await ask()).status]
    },
    set: [200, 404],
    unset: [200, 200],
  },
  {
    field: 'operations, which open what is closed otherwise',
    agent: agent('copilotkit'),
    agentField: { operations: ['memories.read'] },
    see: statusOf({ path: '/memories' }),
    set: 200,
    unset: 404,
  },
  {
    field: 'credential',
    agentField: { credential: { header: 'x-agent-key', secret: 'AGENT_KEY' } },
    see: receivedHeader('x-agent-key'),
    set: 's3cret',
    unset: undefined,
  },
  {
    field: 'credential.scheme',
    agentField: { credential: { header: 'authorization', scheme: 'Bearer', secret: 'AGENT_KEY' } },
    see: receivedHeader('authorization'),
    set: 'Bearer s3cret',
    unset: undefined,
  },
  {
    field: 'preset',
    agent: agent('ag-ui'),
    agentField: { preset: 'agno' },
    see: async (ask) => (await ask({ init: run() })).body.forwardedProps,
    set: { user_id: 'alice' },
    unset: undefined,
  },
  {
    field: 'preset, of a runtime',
    agent: agent('copilotkit'),
    agentField: { preset: 'mastra' },
    async see(ask) {
      const { headers } = (await ask({ path: '/info' })).received
      const names = ['authorization', 'x-user-id', 'sallyport-user-id', 'sallyport-assertion']
      return names.filter((name) => headers[name] !== undefined)
    },
    set: ['sallyport-user-id', 'sallyport-assertion'],
    unset: ['authorization', 'x-user-id'],
  },
  {
    field: 'style',
    agent: agent('copilotkit'),
    agentField: { style: 'single-route' },
    async see(ask) {
      return [(await ask({ init: json({ method: 'info' }) })).status, (await ask({ path: '/info' })).status]
    },
    set: [200, 404],
    unset: [404, 200],
  },
  {
    field: 'eventStore',
    agent: agent('mcp'),
    agentField: { eventStore: 'per-session' },
    see: receivedHeader('last-event-id', { init: { headers: { 'mcp-session-id': 's', 'last-event-id': '7' } } }),
    set: '7',
    unset: undefined,
  },
]

export const ofRoutes: readonly Case[] = [
  {
    field: 'public',
    route: { public: true, trust: undefined, policies: undefined } as Partial<Route>,
    see: statusOf({ anonymous: true }),
    set: 200,
    unset: 401,
  },
  {
    field: 'policies',
    route: { policies: [onlyNested] },
    see: statusOf({ claims: { roles: ['other'] } }),
    set: 403,
    unset: 200,
  },
  {
    field: 'threads: shared',
    agent: agent('ag-ui'),
    route: { threads: 'shared' },
    see: async (ask) => (await ask({ init: run() })).body.threadId,
    set: 't',
    unset: UUID,
  },
  {
    field: 'threads: tenant',
    agent: agent('ag-ui'),
    route: { threads: 'tenant' },
    async see(ask) {
      const threadOf = async (sub: string) =>
        (await ask({ init: run(), claims: { sub, tenant: 'acme' } })).body.threadId
      return (await threadOf('alice')) === (await threadOf('bob'))
    },
    set: true,
    unset: false,
  },
  {
    field: 'tokenInBody',
    agent: agent('ag-ui'),
    route: { tokenInBody: true },
    see: statusOf({
      body: (token) => ({ threadId: 't', runId: 'r', messages: [], forwardedProps: { authorization: token } }),
    }),
    set: 200,
    unset: 401,
  },
  {
    field: 'assertion.audience',
    route: { assertion: { audience: 'someone' } },
    see: claim('aud', {}),
    set: 'someone',
    unset: expect.stringMatching(/^unset-/),
  },
  {
    field: 'assertion.algorithm',
    route: { assertion: { algorithm: 'RS256' } },
    see: async (ask) => (await ask()).header.alg,
    set: 'RS256',
    unset: 'ES256',
  },
  {
    field: 'assertion.lifetimeSeconds',
    route: { assertion: { lifetimeSeconds: 10 } },
    async see(ask) {
      const { iat, exp } = (await ask()).claims
      return Number(exp) - Number(iat)
    },
    set: 10,
    unset: 60,
  },
  {
    field: 'assertion.claims',
    route: { assertion: { claims: ['department'] } },
    see: claim('department', { department: 'R&D' }),
    set: 'R&D',
    unset: undefined,
  },
  {
    field: 'assertion.bind',
    route: { assertion: { bind: 'none' } },
    async see(ask) {
      const { claims } = await ask()
      return ['rid', 'htm', 'htu'].filter((name) => name in claims)
    },
    set: [],
    unset: ['rid', 'htm', 'htu'],
  },
  {
    field: 'identity.assertion: bearer',
    route: { identity: { assertion: 'bearer' } },
    see: channels,
    set: ['authorization'],
    unset: ['x-sallyport-assertion'],
  },
  {
    field: 'identity.assertion: off',
    route: { identity: { assertion: 'off' } },
    see: channels,
    set: [],
    unset: ['x-sallyport-assertion'],
  },
  {
    field: 'identity.headers: true',
    route: { identity: { headers: true } },
    see: receivedHeader('x-user-id'),
    set: 'alice',
    unset: undefined,
  },
  {
    field: 'identity.headers: false',
    agent: agent('copilotkit'),
    route: { identity: { headers: false } },
    see: receivedHeader('x-user-id', { path: '/info' }),
    set: undefined,
    unset: 'alice',
  },
  {
    field: 'identity.state, with a key',
    agent: agent('ag-ui'),
    route: { identity: { state: { key: 'auth_user' } } },
    see: async (ask) => (await ask({ init: run() })).body.state,
    set: {
      auth_user: {
        user_id: 'alice',
        email: 'alice@example.com',
        name: 'Alice',
        role: 'admin',
        roles: ['admin', 'member'],
        tenant: 'acme',
        scopes: ['use', 'manage'],
      },
    },
    unset: undefined,
  },
  {
    field: 'identity.state, with a key and fields',
    agent: agent('ag-ui'),
    route: { identity: { state: { key: 'caller', fields: { id: 'subject', team: 'claims.department' } } } },
    see: async (ask) => (await ask({ init: run(), claims: { department: 'R&D' } })).body.state,
    set: { caller: { id: 'alice', team: 'R&D' } },
    unset: undefined,
  },
  {
    field: 'identity.state, with every source of a field',
    agent: agent('ag-ui'),
    route: {
      identity: {
        state: {
          fields: {
            a: 'user_id',
            b: 'subject',
            c: 'issuer',
            d: 'email',
            e: 'name',
            f: 'role',
            g: 'roles',
            h: 'scopes',
            i: 'tenant',
            j: 'client',
          },
        },
      },
    },
    see: async (ask) => (await ask({ init: run() })).body.state,
    set: {
      a: 'alice',
      b: 'alice',
      c: expect.stringMatching(/\/login$/),
      d: 'alice@example.com',
      e: 'Alice',
      f: 'admin',
      g: ['admin', 'member'],
      h: ['use', 'manage'],
      i: 'acme',
      j: 'app',
    },
    unset: undefined,
  },
  {
    field: 'identity.state: false',
    agent: agent('ag2'),
    route: { identity: { state: false } },
    see: async (ask) => Object.keys(((await ask({ init: run() })).body.state ?? {}) as object),
    set: [],
    unset: ['auth_user'],
  },
  {
    field: 'identity.forwardedProps',
    agent: agent('ag-ui'),
    route: { identity: { forwardedProps: { user: 'email' } } },
    see: async (ask) => (await ask({ init: run() })).body.forwardedProps,
    set: { user: 'alice@example.com' },
    unset: undefined,
  },
  {
    field: 'identity.langgraphAuthUser',
    agent: agent('langgraph'),
    both: shared,
    route: { identity: { langgraphAuthUser: true } },
    see: bodyOf(json({ assistant_id: 'agent' }), '/runs/wait'),
    set: {
      assistant_id: 'agent',
      config: {
        configurable: {
          langgraph_auth_user: {
            is_authenticated: true,
            identity: 'alice',
            display_name: 'Alice',
            email: 'alice@example.com',
            permissions: ['use', 'manage'],
            roles: ['admin', 'member'],
            tenant: 'acme',
          },
          langgraph_auth_user_id: 'alice',
          langgraph_auth_permissions: ['use', 'manage'],
        },
      },
    },
    unset: { assistant_id: 'agent' },
  },
  {
    field: 'cors.origins',
    route: { cors: { origins: [APP] } },
    see: async (ask) => (await ask({ init: { headers: { origin: APP } } })).reply.get('access-control-allow-origin'),
    set: APP,
    unset: null,
  },
  {
    field: 'cors.origins, from a variable',
    route: { cors: { origins: [{ env: 'APP_ORIGIN' }] } },
    see: async (ask) => (await ask({ init: { headers: { origin: APP } } })).reply.get('access-control-allow-origin'),
    set: APP,
    unset: null,
  },
  {
    field: 'forwardHeaders',
    route: { forwardHeaders: ['x-app-version'] },
    see: receivedHeader('x-app-version', { init: { headers: { 'x-app-version': '7' } } }),
    set: '7',
    unset: undefined,
  },
  {
    field: 'limits.bodyBytes, of a body that passes unread',
    route: { limits: { bodyBytes: 100 } },
    see: statusOf({ init: json({ text: 'x'.repeat(100) }) }),
    set: 413,
    unset: 200,
  },
  {
    field: 'limits.bodyBytes, of a body that is read',
    agent: agent('ag-ui'),
    route: { limits: { bodyBytes: 100 } },
    see: statusOf({ init: run({ state: { text: 'x'.repeat(100) } }) }),
    set: 413,
    unset: 200,
  },
]
