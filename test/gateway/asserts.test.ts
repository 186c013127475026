import { createHash } from 'node:crypto'
import { createRemoteJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose'
import * as oidc from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Route } from '../../src/config/define'
import { bearer, forge, openHttp, routeOf } from '../support/fixtures'
import { startGateway } from '../support/gateway'
import { privateKey, signingKeys } from '../support/keys'
import { refused } from '../support/refusal'
import { json, openWorld, type World } from '../support/world'

let world: World

const variants: Record<string, Partial<Route>> = {
  rs256: { assertion: { algorithm: 'RS256' } },
  eddsa: { assertion: { algorithm: 'EdDSA' } },
  bearer: { identity: { assertion: 'bearer' } },
  off: { identity: { assertion: 'off' } },
  reused: { assertion: { bind: 'none', audience: 'someone', lifetimeSeconds: 60 } },
  claims: { assertion: { claims: ['department', 'big', 'missing'] } },
  keyed: {},
}

beforeAll(async () => {
  world = await openWorld(
    ({ origin: { url }, issuer }) => [
      routeOf(openHttp(url), [issuer]),
      ...Object.entries(variants).map(([id, more]) =>
        routeOf(openHttp(url), [issuer], { id, path: `/${id}`, ...more }),
      ),
      routeOf(
        { ...openHttp(url), credential: { header: 'x-agent-key', secret: 'AGENT_KEY' } } as Route['agent'],
        [issuer],
        {
          id: 'secret',
          path: '/secret',
        },
      ),
      routeOf(openHttp(url), [{ ...issuer, id: 'kept', keepRoles: ['agents-*'] }], { id: 'kept', path: '/kept' }),
      routeOf({ kind: 'maf', origin: { url } }, [issuer]),
      routeOf({ kind: 'langgraph', origin: { url: `${url}/deep/er` } }, [issuer], { threads: 'shared' }),
    ],
    { vars: { AGENT_KEY: 's3cret' } },
  )
})
afterAll(() => world?.close())

/** The assertion that the origin received last, verified with the gateway's published keys. */
async function received(audience: string): Promise<{ header: Record<string, unknown>; claims: JWTPayload }> {
  const { headers } = world.origin.last()
  const jws = String(headers['x-sallyport-assertion'] ?? String(headers.authorization).replace('Bearer ', ''))
  const keys = createRemoteJWKSet(new URL(`${world.gateway.url}/.well-known/jwks.json`))
  const { payload } = await jwtVerify(jws, keys, { issuer: world.gateway.url, audience })
  return { header: decodeProtectedHeader(jws) as Record<string, unknown>, claims: payload }
}

describe('assertions', () => {
  it('an assertion names caller, route and audit id, and is valid for 60 seconds', async () => {
    const response = await world.as('alice', '/agents/http/things?x=1')
    const { header, claims } = await received('http')
    expect(header).toEqual({ alg: 'ES256', typ: 'sallyport+jwt', kid: (await signingKeys()).keys[0]?.kid })
    expect(claims).toMatchObject({
      sub: 'alice',
      idp: world.provider.issuer,
      roles: ['admin'],
      tenant: 'acme',
      email: 'alice@example.com',
      rid: 'http',
      htm: 'GET',
      htu: '/things?x=1',
      jti: response.headers.get('x-request-id'),
    })
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(60)
    expect(claims.nbf).toBe(claims.iat)
    expect((await world.gateway.auditOf(response)).id).toBe(claims.jti)
  })

  it('an assertion is bound to the method, origin path, thread and request body (X4)', async () => {
    await world.as('bob', '/agents/langgraph/threads/t-1/runs/stream?a=b', json({ input: { x: 'é' }, config: {} }))
    const { claims } = await received('langgraph')
    const { body, url } = world.origin.last()
    expect(claims).toMatchObject({ htm: 'POST', htu: url, thread_id: 't-1' })
    expect(url).toBe('/deep/er/threads/t-1/runs/stream?a=b')
    expect(claims.bdg).toBe(createHash('sha256').update(body).digest('base64url'))
    // Where threads are their callers' own, the thread is the one that the agent knows.
    await world.as('bob', '/agents/maf', json({ threadId: 't-1', runId: 'r-1', messages: [] }))
    const { threadId } = JSON.parse(world.origin.last().body) as { threadId: string }
    expect(threadId).not.toBe('t-1')
    expect((await received('maf')).claims.thread_id).toBe(threadId)
  })

  it('a route can sign assertions with RS256 or EdDSA, send the assertion as a bearer, or send no assertion', async () => {
    await world.as('alice', '/rs256/x')
    expect((await received('rs256')).header).toMatchObject({ alg: 'RS256', typ: 'sallyport+jwt' })
    await world.as('alice', '/eddsa/x')
    expect((await received('eddsa')).header).toMatchObject({ alg: 'EdDSA' })
    await world.as('alice', '/bearer/x')
    expect((await received('bearer')).header).toMatchObject({ alg: 'ES256', typ: 'JWT' })
    await world.as('alice', '/off/x')
    expect(JSON.stringify(world.origin.last().headers)).not.toContain('eyJ')
  })

  it('an assertion is refused by the origin of another route and by the gateway (X5)', async () => {
    await world.as('alice', '/bearer/x')
    await expect(received('http')).rejects.toMatchObject({ code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'aud' })
    const jws = String(world.origin.last().headers.authorization)
    const reply = await world.gateway.fetch('/agents/http/x', { headers: { authorization: jws } })
    expect(await refused(reply)).toEqual({ status: 401, code: 'token-invalid' })
    expect((await world.gateway.auditOf(reply)).reason).toBe('issuer')
  })

  it('an assertion is reused only if configured, for the same person (invariant 10)', async () => {
    const assertionOf = async (person: 'alice' | 'bob', path: string) => {
      await world.as(person, path)
      return String(world.origin.last().headers['x-sallyport-assertion'])
    }
    const [a1, a2, b1] = [
      await assertionOf('alice', '/reused/x'),
      await assertionOf('alice', '/reused/y'),
      await assertionOf('bob', '/reused/x'),
    ]
    expect(a1).toBe(a2)
    expect(b1).not.toBe(a1)
    await world.as('bob', '/reused/z')
    const { claims } = await received('someone')
    expect(claims.sub).toBe('bob')
    for (const name of ['rid', 'htm', 'htu', 'thread_id', 'bdg']) expect(claims).not.toHaveProperty(name)
    expect(await assertionOf('alice', '/agents/http/x')).not.toBe(await assertionOf('alice', '/agents/http/x'))
    await world.gateway.setClock(31)
    expect(await assertionOf('alice', '/reused/x')).not.toBe(a1)
    await world.gateway.setClock(0)
  })

  it('a route can copy claims into the assertion, and a too large assertion gets 431', async () => {
    const good = await forge(world.provider, { claims: { department: 'R&D "é"\r\n' } })
    await world.gateway.fetch('/claims/x', { headers: bearer(good) })
    const { claims } = await received('claims')
    expect(claims.department).toBe('R&D "é"\r\n')
    expect(claims).not.toHaveProperty('missing')
    const big = await forge(world.provider, { claims: { big: 'x'.repeat(8000) } })
    const reply = await world.gateway.fetch('/claims/x', { headers: bearer(big) })
    expect(await refused(reply)).toEqual({ status: 431, code: 'assertion-too-large' })
  })

  it('a person with 200 groups gets 431, but gets in if keepRoles keeps only the roles of agents', async () => {
    const groups = Array.from({ length: 200 }, (_, index) => `${crypto.randomUUID()}${index}`)
    const token = await forge(world.provider, { claims: { roles: [...groups, 'agents-admin'] } })
    const reply = await world.gateway.fetch('/agents/http/x', { headers: bearer(token) })
    expect(await refused(reply)).toEqual({ status: 431, code: 'assertion-too-large' })
    expect((await world.gateway.fetch('/kept/x', { headers: bearer(token) })).status).toBe(200)
    expect((await received('kept')).claims.roles).toEqual(['agents-admin'])
  })

  it('an assertion expires no later than the token of the caller', async () => {
    const exp = Math.floor(Date.now() / 1000) + 20
    await world.gateway.fetch('/agents/http/x', { headers: bearer(await forge(world.provider, { claims: { exp } })) })
    expect((await received('http')).claims.exp).toBe(exp)
  })

  it('the gateway sends an assertion beside the fixed secret that the agent expects', async () => {
    await world.as('alice', '/secret/x', { headers: { 'x-agent-key': 'forged' } })
    expect(world.origin.last().headers['x-agent-key']).toBe('s3cret')
    expect((await received('secret')).claims.sub).toBe('alice')
  })
})

describe('assertions in existing libraries', () => {
  it("OpenID libraries with the rules of Microsoft's JwtBearer accept the bearer token that a maf route sends", async () => {
    await world.as('alice', '/agents/maf', json({ threadId: 't', runId: 'r', messages: [] }))
    const jws = String(world.origin.last().headers.authorization).replace('Bearer ', '')
    // JwtBearer: metadata from Authority; `issuer` there equals `iss`; `jwks_uri` there; Audience
    // in `aud`; `kid` finds an EC or RSA signing key; `exp` present. Two stock libraries play its
    // part.
    const client = await oidc.discovery(new URL(world.gateway.url), 'maf', undefined, undefined, {
      execute: [oidc.allowInsecureRequests],
    })
    const metadata = client.serverMetadata()
    expect(metadata.issuer).toBe(world.gateway.url)
    const keys = createRemoteJWKSet(new URL(String(metadata.jwks_uri)))
    const { payload, protectedHeader } = await jwtVerify(jws, keys, {
      issuer: metadata.issuer,
      audience: 'maf',
      algorithms: ['ES256'],
      requiredClaims: ['exp', 'sub'],
      clockTolerance: 300,
    })
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'JWT', kid: expect.any(String) })
    expect(payload).toMatchObject({ sub: 'alice', roles: ['admin'], scope: expect.stringContaining(' ') })
    expect(typeof payload.scope).toBe('string')
  })

  it('the key set answers GET and HEAD at its exact path, and nothing else', async () => {
    const { gateway } = world
    const head = await gateway.fetch('/.well-known/jwks.json', { method: 'HEAD' })
    expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([
      200,
      expect.stringContaining('json'),
      '',
    ])
    for (const [method, path, status] of [
      ['POST', '/.well-known/jwks.json', 404],
      ['GET', '/.well-known/jwks%2Ejson', 400],
      ['GET', '/.well-known/JWKS.json', 404],
      ['GET', '/.well-known/jwks.json/x', 404],
    ] as const)
      expect([path, (await gateway.fetch(path, { method })).status]).toEqual([path, status])
  })

  it('the key set and discovery need no token, and the key set has only public keys', async () => {
    const response = await world.gateway.fetch('/.well-known/jwks.json')
    expect(response.headers.get('cache-control')).toBe('public, max-age=600')
    const { keys } = (await response.json()) as { keys: Record<string, unknown>[] }
    expect(keys.map(({ alg }) => alg)).toEqual(['ES256', 'RS256', 'EdDSA'])
    for (const key of keys)
      for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(name)
    const discovery = await world.gateway.fetch('/.well-known/openid-configuration')
    expect(await discovery.json()).toEqual({
      issuer: world.gateway.url,
      jwks_uri: `${world.gateway.url}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: ['ES256', 'RS256', 'EdDSA'],
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
    })
  })
})

describe('key rotation', () => {
  it('assertions of the old and the new key are valid at every step of a key rotation (F18)', async () => {
    const [old, next] = [await privateKey('ES256'), await privateKey('ES256')]
    const routes = [routeOf(openHttp(world.origin.url), [world.issuer])]
    const steps = [[old], [old, next], [next, old], [next]]
    const assertions: string[] = []
    const published: string[][] = []
    for (const keys of steps) {
      const gateway = await startGateway({ routes, vars: { SIGNING_KEYS: JSON.stringify({ keys }) } })
      const response = await gateway.fetch('/agents/http/x', { headers: bearer(await world.token('alice')) })
      expect(response.status).toBe(200)
      assertions.push(String(world.origin.last().headers['x-sallyport-assertion']))
      const set = (await (await gateway.fetch('/.well-known/jwks.json')).json()) as { keys: { kid: string }[] }
      published.push(set.keys.map(({ kid }) => kid))
      await gateway.close()
    }
    const signedBy = assertions.map((jws) => decodeProtectedHeader(jws).kid)
    expect(signedBy).toEqual([old.kid, old.kid, next.kid, next.kid])
    // A verifier with the key set of the step before still knows the key that signs now, and the
    // key that signed before is still published.
    signedBy.forEach((kid, step) => {
      expect(published[Math.max(0, step - 1)]).toContain(kid)
      if (step > 0 && step < 3) expect(published[step]).toContain(signedBy[step - 1])
    })
  })
})
