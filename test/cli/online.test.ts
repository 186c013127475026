import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { askAgent, askEverybody } from '../../src/cli/check/online'
import { askProvider } from '../../src/cli/check/online-provider'
import { nodePorts } from '../../src/cli/node-ports'
import type { Issuer } from '../../src/config/define'
import { load } from '../../src/config/load'
import { issuerOf, openHttp, routeOf } from '../support/fixtures'
import { type Issuers, publicKeys, publishes, says, startIssuers, trustedIssuer } from '../support/issuers'
import { privateKey } from '../support/keys'
import { type RecordingOrigin, startOrigin } from '../support/origin'
import { freePort } from '../support/port'

/* The questions of `sallyport check --online`, and its words about the answers. */

const key = await privateKey('RS256')
let issuers: Issuers
let origin: RecordingOrigin
let document: unknown
let documentStatus = 200

beforeAll(async () => {
  ;[issuers, origin] = await Promise.all([
    startIssuers(),
    startOrigin((request, response) => {
      const isDocument = request.url === '/openapi.json' && document !== undefined
      response.writeHead(isDocument ? documentStatus : 404, { 'content-type': 'application/json' })
      response.end(JSON.stringify(isDocument ? document : {}))
    }),
  ])
  issuers.set('login', { jwks: publishes(publicKeys(key)) })
})
afterAll(() => Promise.all([issuers?.close(), origin?.close()]))

const asked = (more: Parameters<typeof trustedIssuer>[0] = {}, network = nodePorts) =>
  askProvider([trustedIssuer({ issuer: issuers.issuer('login'), algorithms: ['RS256'], ...more })], network)

describe('the online check of an identity provider', () => {
  it('the online check finds no fault if the discovery document has the issuer and the keys fit', async () => {
    const line = `${issuers.issuer('login')}: 1 keys, for RS256`
    expect(await asked()).toEqual({ lines: [line], notes: [], faults: [] })
    expect(await asked({ jwksUri: `${issuers.issuer('login')}/jwks` })).toMatchObject({ faults: [] })
  })

  it('the online check reports another issuer in the discovery document, even if the preset knows the keys', async () => {
    const name = issuers.issuer('other')
    issuers.set('other', {
      jwks: publishes(publicKeys(key)),
      discovery: says(200, { issuer: `${name}/v2.0`, jwks_uri: `${name}/jwks` }),
    })
    const known = { issuer: name, jwksUri: `${name}/jwks` }
    expect((await asked({ ...known, preset: 'entra' })).faults).toMatchObject([
      { path: 'issuer', expected: `"${name}/v2.0", as the discovery document says` },
    ])
    expect((await asked(known)).faults).toEqual([])
  })

  it('the online check reports that the issuer ends in a slash and the configured issuer does not', async () => {
    const name = issuers.issuer('slash')
    issuers.set('slash', {
      jwks: publishes(publicKeys(key)),
      discovery: says(200, { issuer: `${name}/`, jwks_uri: `${name}/jwks` }),
    })
    expect((await asked({ issuer: name })).faults).toEqual([
      {
        file: 'policies/login.ts',
        path: 'issuer',
        found: `"${name}"`,
        expected: `"${name}/", as the discovery document says`,
        remedy: expect.stringContaining('slash'),
      },
    ])
  })

  it('the online check reports a slash too many or too few at the end of an issuer with its own jwksUri', async () => {
    const name = issuers.issuer('pinned')
    const jwksUri = `${name}/jwks`
    const names = (issuer: string) =>
      issuers.set('pinned', { jwks: publishes(publicKeys(key)), discovery: says(200, { issuer, jwks_uri: jwksUri }) })
    names(`${name}/`)
    expect((await asked({ issuer: name, jwksUri })).faults).toMatchObject([
      { path: 'issuer', found: `"${name}"`, remedy: expect.stringContaining('slash') },
    ])
    names(name)
    expect((await asked({ issuer: `${name}/`, jwksUri })).faults).toMatchObject([
      { path: 'issuer', found: `"${name}/"`, remedy: expect.stringContaining('slash') },
    ])
    expect((await asked({ issuer: name, jwksUri })).faults).toEqual([])
  })

  it('the online check reports keys for other algorithms, keys on another host, and a missing answer', async () => {
    issuers.set('elsewhere', {
      discovery: says(200, { issuer: issuers.issuer('elsewhere'), jwks_uri: 'https://keys.example.com/jwks' }),
    })
    issuers.set('down', { discovery: says(503) })
    expect((await asked({ algorithms: ['ES256'] })).faults).toMatchObject([
      { path: 'algorithms', found: 'ES256', remedy: 'Set algorithms to fit the published keys: RSA.' },
    ])
    expect((await asked({ issuer: issuers.issuer('elsewhere') })).faults).toMatchObject([
      { path: 'issuer', found: expect.stringContaining('another host'), remedy: expect.stringContaining('jwksUri') },
    ])
    expect((await asked({ issuer: issuers.issuer('down') })).faults).toMatchObject([{ found: 'status 503' }])
    const gone = `http://127.0.0.1:${await freePort()}`
    expect((await asked({ issuer: gone })).faults).toHaveLength(1)
    expect((await asked({ jwksUri: `${gone}/jwks` })).faults).toMatchObject([{ path: 'jwksUri' }])
  })

  it('the online check reports that the clocks of provider and computer are two minutes apart', async () => {
    const ahead = { ...nodePorts, now: () => Date.now() + 120_000 }
    expect((await asked({}, ahead)).faults).toMatchObject([
      { path: 'clockSkewSeconds', found: expect.stringMatching(/^clocks 1[12]\d seconds apart$/) },
    ])
  })

  it('the online check compares the clocks with clockSkewSeconds', async () => {
    const ahead = (seconds: number) => ({ ...nodePorts, now: () => Date.now() + seconds * 1000 })
    const pathsOf = async (clockSkewSeconds: number, seconds: number) =>
      (await asked({ clockSkewSeconds }, ahead(seconds))).faults.map(({ path }) => path)
    expect(await pathsOf(0, 50)).toEqual(['clockSkewSeconds'])
    expect(await pathsOf(30, 50)).toEqual(['clockSkewSeconds'])
    expect(await pathsOf(30, -50)).toEqual(['clockSkewSeconds'])
    expect(await pathsOf(60, 50)).toEqual([])
    expect(await pathsOf(0, 0)).toEqual([])
  })

  it('the online check takes no slow answer and no answer from a cache for a wrong clock', async () => {
    const answers = (date: () => number, age: Record<string, string> = {}): typeof nodePorts.fetch => {
      return async (request, init) => {
        const { body, status } = await nodePorts.fetch(request, init)
        return new Response(body, { status, headers: { date: new Date(date()).toUTCString(), ...age } })
      }
    }
    const strict = { clockSkewSeconds: 0 }
    const cached = { ...nodePorts, fetch: answers(() => Date.now() - 600_000, { age: '600' }) }
    expect((await asked(strict, cached)).faults).toEqual([])
    // The clock moves 8 seconds at each look. So a request takes 8 seconds, and the provider
    // writes its time halfway.
    let time = Date.now()
    const now = () => {
      time += 8_000
      return time
    }
    const slow = { ...nodePorts, now, fetch: answers(() => time + 4_000) }
    expect((await asked(strict, slow)).faults).toEqual([])
  })
})

describe('the online check of an identity provider that several routes trust', () => {
  const env = { PUBLIC_URL: 'http://127.0.0.1:1', ENVIRONMENT: 'development' }
  const askedOf = async (...settings: readonly Partial<Issuer>[]) => {
    const routes = settings.map((more, index) =>
      routeOf(openHttp(origin.url), [issuerOf(issuers.issuer('shared'), { id: `login-${index}`, ...more })], {
        id: `route-${index}`,
        path: `/route-${index}`,
      }),
    )
    const log = vi.spyOn(console, 'log').mockReturnValue()
    try {
      const faults = await askEverybody([load(routes, env, nodePorts)])
      return { faults, said: log.mock.calls.flat().filter((line) => String(line).includes('/shared')) }
    } finally {
      log.mockRestore()
    }
  }

  it('the online check compares the keys with the algorithms of every route, and fetches the keys once', async () => {
    issuers.set('shared', { jwks: publishes(publicKeys(key)) })
    const { faults, said } = await askedOf({ algorithms: ['ES256'] }, { algorithms: ['RS256'] })
    expect(faults).toMatchObject([{ file: 'policies/login-0.ts', path: 'algorithms', found: 'ES256' }])
    expect(said).toEqual([`✓ ${issuers.issuer('shared')}: 1 keys, for RS256`])
    expect(issuers.asked('shared')).toBe(1)
    const same = await askedOf({ algorithms: ['RS256'] }, { algorithms: ['RS256'] })
    expect(same).toEqual({ faults: [], said: [`✓ ${issuers.issuer('shared')}: 1 keys, for RS256`] })
  })

  it('the online check compares the clocks with the smallest clockSkewSeconds of the routes', async () => {
    issuers.set('shared', {
      jwks: (_request, response) => {
        const date = new Date(Date.now() - 50_000).toUTCString()
        response.writeHead(200, { 'content-type': 'application/json', date })
        response.end(JSON.stringify({ keys: publicKeys(key) }))
      },
    })
    const wide = { id: 'wide', clockSkewSeconds: 60 }
    const narrow = { id: 'narrow', clockSkewSeconds: 0 }
    for (const settings of [
      [wide, narrow],
      [narrow, wide],
    ])
      expect((await askedOf(...settings)).faults).toMatchObject([
        { file: 'policies/narrow.ts', path: 'clockSkewSeconds', expected: 'at most 0 seconds' },
      ])
    expect((await askedOf(wide)).faults).toEqual([])
  })
})

describe('the online check of an agent', () => {
  const ask = async (agent: Parameters<typeof routeOf>[0]) => {
    const env = { PUBLIC_URL: 'http://127.0.0.1:1', ENVIRONMENT: 'development' }
    const { routes } = load([routeOf(agent, [issuerOf('https://login.example.com')])], env, nodePorts)
    const [route] = [...routes.values()]
    if (!route) throw new Error('no route')
    return askAgent(route, nodePorts)
  }

  it('the online check accepts an answer of an agent with any status', async () => {
    expect(await ask(openHttp(origin.url))).toEqual({
      lines: [`/agents/http: ${origin.url} answers (404)`],
      notes: [],
      faults: [],
    })
  })

  it('the online check reports an agent that does not answer', async () => {
    expect((await ask(openHttp(`http://127.0.0.1:${await freePort()}`))).faults).toMatchObject([
      { file: 'routes/http.ts', path: 'agent.origin', found: expect.stringContaining('ECONNREFUSED') },
    ])
  })

  const langgraph = () => ({ kind: 'langgraph', origin: { url: origin.url } }) as const

  it('the online check reports a body member in the OpenAPI document of LangGraph that the gateway does not know', async () => {
    const schemaOf = (...names: string[]) => ({
      paths: {
        '/threads/{thread_id}/runs': {
          post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Run' } } } } },
        },
      },
      components: { schemas: { Run: { properties: Object.fromEntries(names.map((name) => [name, {}])) } } },
    })
    document = schemaOf('input', 'multitask_strategy')
    expect(await ask(langgraph())).toMatchObject({
      lines: [expect.any(String), expect.stringContaining('1 endpoints are known')],
      faults: [],
    })
    document = schemaOf('input', 'drop_all')
    expect((await ask(langgraph())).faults).toMatchObject([{ found: 'POST /threads/:thread/runs: drop_all' }])
    document = undefined
    expect(await ask(langgraph())).toMatchObject({
      lines: [expect.any(String), expect.stringContaining('no /openapi.json')],
    })
  })
  it('the online check reads an OpenAPI document whose schemas refer to themselves or are missing', async () => {
    const refersTo = (name: string) => ({
      '/threads/{thread_id}/runs': {
        post: {
          requestBody: { content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } } },
        },
      },
    })
    const known = { lines: [expect.any(String), expect.stringContaining('1 endpoints are known')], faults: [] }
    document = { paths: refersTo('Run') }
    expect(await ask(langgraph())).toMatchObject(known)
    document = { paths: refersTo('Run'), components: { schemas: {} } }
    expect(await ask(langgraph())).toMatchObject(known)
    const self = { $ref: '#/components/schemas/Run' }
    const other = { $ref: '#/components/schemas/Other' }
    const schemas = {
      Run: { properties: { input: {} }, anyOf: [self, other] },
      Other: { properties: { drop_all: {} }, items: self },
    }
    document = { paths: refersTo('Run'), components: { schemas } }
    expect((await ask(langgraph())).faults).toMatchObject([{ found: 'POST /threads/:thread/runs: drop_all' }])
    document = undefined
  })

  it('the online check notes an OpenAPI document that it cannot read, with the name of the secret', async () => {
    const noted = async (status: number, given: Parameters<typeof ask>[0] = langgraph()) => {
      documentStatus = status
      document = {}
      const { lines, notes, faults } = await ask(given)
      expect({ lines, faults }).toEqual({ lines: [`/agents/langgraph: ${origin.url} answers (404)`], faults: [] })
      documentStatus = 200
      document = undefined
      return notes
    }
    const start = '/agents/langgraph: /openapi.json could not be compared.'
    const withSecret = { ...langgraph(), credential: { header: 'x-api-key', secret: 'AGENT_KEY' } }
    const missing = 'It may expect the secret AGENT_KEY, but this command does not have its value.'
    expect(await noted(401, withSecret)).toEqual([`${start} The agent answers 401. ${missing}`])
    expect(await noted(403, withSecret)).toEqual([`${start} The agent answers 403. ${missing}`])
    expect(await noted(401)).toEqual([`${start} The agent answers 401.`])
    expect(await noted(500, withSecret)).toEqual([`${start} The agent answers 500.`])
    expect(await noted(200)).toEqual([`${start} The answer is not an OpenAPI document.`])
  })

  it('the online check prints no check mark for an OpenAPI document that the agent refuses', async () => {
    documentStatus = 401
    document = {}
    const log = vi.spyOn(console, 'log').mockReturnValue()
    try {
      const env = { PUBLIC_URL: 'http://127.0.0.1:1', ENVIRONMENT: 'development' }
      const route = routeOf(langgraph(), [issuerOf(issuers.issuer('login'))])
      expect(await askEverybody([load([route], env, nodePorts)])).toEqual([])
      const said = log.mock.calls.flat().filter((line) => String(line).includes('openapi'))
      expect(said).toEqual([expect.stringMatching(/^! .*could not be compared/)])
    } finally {
      log.mockRestore()
      documentStatus = 200
      document = undefined
    }
  })
})
