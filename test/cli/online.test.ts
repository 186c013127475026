import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askAgent, askIssuer } from '../../src/cli/check/online'
import { nodePorts } from '../../src/cli/node-ports'
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

beforeAll(async () => {
  ;[issuers, origin] = await Promise.all([
    startIssuers(),
    startOrigin((request, response) => {
      const isDocument = request.url === '/openapi.json' && document !== undefined
      response.writeHead(isDocument ? 200 : 404, { 'content-type': 'application/json' })
      response.end(JSON.stringify(isDocument ? document : {}))
    }),
  ])
  issuers.set('login', { jwks: publishes(publicKeys(key)) })
})
afterAll(() => Promise.all([issuers?.close(), origin?.close()]))

const asked = (more: Parameters<typeof trustedIssuer>[0] = {}, network = nodePorts) =>
  askIssuer(trustedIssuer({ issuer: issuers.issuer('login'), algorithms: ['RS256'], ...more }), network)

describe('the online check of an identity provider', () => {
  it('the online check finds no fault if the discovery document has the issuer and the keys fit', async () => {
    const line = `${issuers.issuer('login')}: 1 keys, for RS256`
    expect(await asked()).toEqual({ lines: [line], faults: [] })
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
      faults: [],
    })
  })

  it('the online check reports an agent that does not answer', async () => {
    expect((await ask(openHttp(`http://127.0.0.1:${await freePort()}`))).faults).toMatchObject([
      { file: 'routes/http.ts', path: 'agent.origin', found: expect.stringContaining('ECONNREFUSED') },
    ])
  })

  it('the online check reports a body member in the OpenAPI document of LangGraph that the gateway does not know', async () => {
    const schemaOf = (...names: string[]) => ({
      paths: {
        '/threads/{thread_id}/runs': {
          post: { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Run' } } } } },
        },
      },
      components: { schemas: { Run: { properties: Object.fromEntries(names.map((name) => [name, {}])) } } },
    })
    const agent = { kind: 'langgraph', origin: { url: origin.url } } as const
    document = schemaOf('input', 'multitask_strategy')
    expect(await ask(agent)).toMatchObject({
      lines: [expect.any(String), expect.stringContaining('1 endpoints are known')],
      faults: [],
    })
    document = schemaOf('input', 'drop_all')
    expect((await ask(agent)).faults).toMatchObject([{ found: 'POST /threads/:thread/runs: drop_all' }])
    document = undefined
    expect(await ask(agent)).toMatchObject({ lines: [expect.any(String), expect.stringContaining('no /openapi.json')] })
  })
})
