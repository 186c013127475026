import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, importJWK, type JWK, jwtVerify, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdentityProvider, startIdentityProvider } from '../../../src/cli/dev/identity-provider/provider.ts'
import { type AgUiClient, loadClients } from '../../support/clients'
import { bearer, issuerOf, routeOf } from '../../support/fixtures'
import { startGateway, type TestGateway } from '../../support/gateway'
import { privateKey, publicJwk, signingKeys } from '../../support/keys'
import { freePort } from '../../support/port'
import { type PythonServer, startPython } from '../../support/python'
import { type Model, startModel } from '../model'
import { startTap, type Tap } from '../tap'
import { itRunsBehindTheGate, run, told } from './behind-the-gateway'
import { type ExampleStage, openExample } from './example-stage'

const startExample = (env: Record<string, string>) =>
  startPython({
    folder: 'examples/maf-python',
    args: (port) => ['-m', 'uvicorn', 'agent:app', '--port', String(port)],
    env,
    readyPath: '/docs',
  })

itRunsBehindTheGate({
  name: 'Microsoft Agent Framework for Python',
  kind: 'maf',
  start: startExample,
  mount: '',
  stopsModel: true,
})

describe('Microsoft Agent Framework with a schema for its state', () => {
  let stage: ExampleStage
  beforeAll(async () => {
    stage = await openExample('maf', 'maf-python', 'maf_mounts.py')
  }, 600_000)
  afterAll(() => stage?.close())

  it('on shared threads, the gateway removes identity from state snapshots', async () => {
    const its = stage.through('schema-shared')
    its.setState({ theme: 'dark' })
    const events = await run(its, 'my account')
    expect(told(events)).toEqual(['bob'])
    const snapshots = events.filter(({ type }) => type === 'STATE_SNAPSHOT').map(({ snapshot }) => snapshot)
    expect(snapshots.length).toBeGreaterThan(0)
    expect(JSON.stringify(snapshots)).not.toMatch(/auth_user|bob/)
  })

  it('an agent with a state schema writes the identity of the caller into the prompt of its model', async () => {
    stage.model.calls.length = 0
    await run(stage.through('schema'), 'my account')
    const prompt = stage.model.calls[0]?.body.messages.filter(({ role }) => role === 'system')
    expect(JSON.stringify(prompt)).toMatch(/auth_user/)
  })
})

const SECRET = 'a-secret-that-only-the-gate-has'

let client: AgUiClient
let model: Model
let agent: PythonServer
/** Between the gateway and the agent. */
let tap: Tap
let provider: IdentityProvider
let gateway: TestGateway
let people: Record<'alice' | 'bob', string>

beforeAll(async () => {
  client = (await loadClients()).agUi
  model = await startModel()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  agent = await startExample({ ...model.env, AUTH_BEARER_TOKEN: SECRET, GATEWAY_URL: url, ROUTE_ID: 'signed' })
  tap = await startTap(agent.url)
  provider = await startIdentityProvider()
  const trust = [issuerOf(provider.issuer)]
  const mounted = (mount: string) => ({ kind: 'maf' as const, origin: { url: tap.url + mount } })
  const credential = { header: 'authorization', scheme: 'Bearer' as const, secret: 'MAF_BEARER_TOKEN' }
  gateway = await startGateway({
    port,
    vars: { MAF_BEARER_TOKEN: SECRET },
    routes: [
      routeOf({ ...mounted('/secret'), credential }, trust, {
        id: 'secret',
        path: '/agents/secret',
        identity: { assertion: 'off' },
      }),
      routeOf(mounted('/signed'), trust, { id: 'signed', path: '/agents/signed' }),
      routeOf(mounted('/signed'), trust, { id: 'other', path: '/agents/other' }),
    ],
  })
  people = { alice: await provider.token('alice'), bob: await provider.token('bob') }
}, 600_000)
afterAll(async () => {
  await gateway?.close()
  await provider?.close()
  await tap?.close()
  await agent?.close()
  await model?.close()
})

const through = (route: string, token: string) =>
  new client.HttpAgent({ url: `${gateway.url}/agents/${route}`, threadId: 't1', headers: bearer(token) })

/** Asks the agent around the gateway. */
async function around(mount: string, headers: Record<string, string>): Promise<number> {
  const body = { threadId: 't1', runId: 'r1', messages: [{ id: 'q1', role: 'user', content: 'my account' }] }
  const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }
  const reply = await fetch(agent.url + mount, { ...init, body: JSON.stringify(body) })
  await reply.body?.cancel()
  return reply.status
}

/** A token like one of the gateway, signed with the given key. */
async function signed(claims: object, key?: JWK, header: object = {}): Promise<string> {
  const jwk = key ?? (await signingKeys()).keys.find(({ alg }) => alg === 'ES256')!
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ iss: gateway.url, aud: 'signed', sub: 'alice', iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: jwk.alg!, kid: jwk.kid!, typ: 'JWT', ...header })
    .sign(await importJWK(jwk, jwk.alg))
}

describe('Microsoft Agent Framework with a bearer secret', () => {
  it('the gateway adds the secret of the agent, and the agent sees the identity of each caller', async () => {
    expect(told(await run(through('secret', people.alice), 'my account'))).toEqual(['alice'])
    expect(told(await run(through('secret', people.bob), 'my account'))).toEqual(['bob'])
    expect(tap.calls.at(-1)?.headers.authorization).toBe(`Bearer ${SECRET}`)
  })

  it('an agent with a secret answers 401 to direct requests without the secret', async () => {
    expect(await around('/secret', {})).toBe(401)
    expect(await around('/secret', bearer('a-guess'))).toBe(401)
    expect(await around('/secret', bearer(people.alice))).toBe(401)
    expect(await around('/secret', bearer(SECRET))).toBe(200)
  })
})

describe('Microsoft Agent Framework with assertions verified by PyJWT', () => {
  it('an agent that verifies the assertion sees the identity of each caller', async () => {
    expect(told(await run(through('signed', people.alice), 'my account'))).toEqual(['alice'])
    expect(told(await run(through('signed', people.bob), 'my account'))).toEqual(['bob'])
  })

  it('the agent answers 401 to a direct request without an assertion of the gateway', async () => {
    expect(await around('/signed', {})).toBe(401)
    expect(await around('/signed', bearer(people.alice))).toBe(401)
  })

  it('the agent refuses assertions that are forged, expired or of another route (X1)', async () => {
    const stranger = await privateKey('ES256')
    const { kid, ...own } = (await signingKeys()).keys.find(({ alg }) => alg === 'ES256')!
    const publicPart = new TextEncoder().encode(JSON.stringify(publicJwk(own)))
    const shared: JWK = { kty: 'oct', k: Buffer.from(publicPart).toString('base64url'), alg: 'HS256', kid: kid! }
    const forged = {
      'a stranger': await signed({}, stranger),
      'a stranger with the name of the key': await signed({}, { ...stranger, kid: kid! }),
      'a key that is public': await signed({}, shared),
      'another route': await signed({ aud: 'other' }),
      'another gateway': await signed({ iss: 'https://gate.test' }),
      'an hour ago': await signed({ exp: Math.floor(Date.now() / 1000) - 3600 }),
      'for ever': await signed({ exp: undefined }),
    }
    for (const [what, token] of Object.entries(forged)) {
      expect({ what, status: await around('/signed', bearer(token)) }).toEqual({ what, status: 401 })
    }
    expect(await around('/signed', bearer(await signed({})))).toBe(200)
  })

  it('the agent refuses an assertion for another route, and the caller gets 502', async () => {
    const refusal = await run(through('other', people.alice), 'my account').catch((error) => error)
    expect(refusal).toMatchObject({ status: 502, message: expect.stringContaining('origin-unauthorized') })
  })
})

/**
 * Does the same as `AddJwtBearer` with `Authority` and `Audience`, by its documentation and source:
 * discovery from the authority, RSA and EC keys only, the exact issuer of the document, the
 * audience, a lifetime with five minutes of grace. Imitated with `jose`, because no .NET runs here.
 */
async function addJwtBearer({ authority, audience }: { authority: string; audience: string }) {
  const discovery = await fetch(`${authority.replace(/\/$/, '')}/.well-known/openid-configuration`)
  const { issuer, jwks_uri } = (await discovery.json()) as Record<'issuer' | 'jwks_uri', string>
  const { keys } = (await (await fetch(jwks_uri)).json()) as { keys: JWK[] }
  const usable = keys.filter(({ kty, use }) => ['RSA', 'EC'].includes(kty!) && (use === undefined || use === 'sig'))
  return {
    issuer,
    jwksUri: jwks_uri,
    usable,
    async verify(token: string) {
      const rules = { issuer, audience, clockTolerance: 300, requiredClaims: ['exp'] }
      return (await jwtVerify(token, createLocalJWKSet({ keys: usable }), rules)).payload
    },
  }
}

describe('assertions under the rules of AddJwtBearer (imitated)', () => {
  const assertion = async () => {
    await run(through('signed', people.alice), 'my account')
    return tap.calls.at(-1)!.headers.authorization!.replace('Bearer ', '')
  }

  it('AddJwtBearer finds issuer and keys if JwtAuthority is the URL of the gateway', async () => {
    const scheme = await addJwtBearer({ authority: gateway.url, audience: 'signed' })
    expect(scheme.issuer).toBe(gateway.url)
    expect(scheme.jwksUri).toBe(`${gateway.url}/.well-known/jwks.json`)
  })

  it('the kid of the assertion leads to a public EC P-256 key for signatures', async () => {
    const { usable } = await addJwtBearer({ authority: gateway.url, audience: 'signed' })
    const { alg, kid, typ } = decodeProtectedHeader(await assertion())
    expect({ alg, typ }).toEqual({ alg: 'ES256', typ: 'JWT' })
    const key = usable.find((each) => each.kid === kid)
    expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', use: 'sig', x: expect.any(String), y: expect.any(String) })
    expect(key).not.toHaveProperty('d')
  })

  it('AddJwtBearer accepts the assertion for JwtAudience and reads user and roles', async () => {
    const scheme = await addJwtBearer({ authority: gateway.url, audience: 'signed' })
    const token = await assertion()
    const user = await scheme.verify(token)
    expect(user).toMatchObject({ iss: scheme.issuer, aud: 'signed', sub: 'alice', roles: ['admin'] })
    expect(user.scope).toBe('agents:use agents:manage')
    expect(user.exp).toBeGreaterThan(user.iat!)
  })

  it('AddJwtBearer refuses an assertion for another route and a forged assertion', async () => {
    const token = await assertion()
    const other = await addJwtBearer({ authority: gateway.url, audience: 'other' })
    await expect(other.verify(token)).rejects.toThrow(/aud/)
    const scheme = await addJwtBearer({ authority: gateway.url, audience: 'signed' })
    await expect(scheme.verify(people.alice)).rejects.toThrow()
    await expect(scheme.verify(await signed({}, await privateKey('ES256')))).rejects.toThrow()
    await expect(scheme.verify(await signed({ iss: `${gateway.url}/` }))).rejects.toThrow(/iss/)
    await expect(scheme.verify(await signed({ exp: undefined }))).rejects.toThrow(/exp/)
    expect(decodeJwt(token).exp).toBeDefined()
  })

  it('AddJwtBearer also finds the keys if the authority ends in a slash', async () => {
    const scheme = await addJwtBearer({ authority: `${gateway.url}/`, audience: 'signed' })
    expect((await scheme.verify(await assertion())).sub).toBe('alice')
  })
})
