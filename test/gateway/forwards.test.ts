import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent } from '../../src/config/define'
import { bearer, openHttp, policyWithExamples, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'
import { sendRaw } from '../support/raw'
import { json, openWorld, type World } from '../support/world'

let world: World
/** A gateway whose one route is everything. */
let whole: TestGateway

const documents: Omit<Extract<Agent, { kind: 'http' }>, 'origin'> = {
  kind: 'http',
  endpoints: [
    { operation: 'document.read', method: 'GET', path: '/documents/:id' },
    { operation: 'document.read', method: 'HEAD', path: '/documents/:id' },
    { operation: 'document.write', method: 'PUT', path: '/documents/:id' },
    { operation: 'search', method: 'GET', path: '/documents/search' },
    { operation: 'files', method: 'GET', path: '/files/*' },
  ],
}

beforeAll(async () => {
  world = await openWorld(
    ({ origin: { url }, issuer }) => [
      routeOf({ ...documents, origin: { url: `${url}/v1/` } }, [issuer], {
        policies: [
          policyWithExamples({ id: 'no-search', allow: [{ name: 'documents', operations: ['document.*', 'files'] }] }),
        ],
      }),
      routeOf({ ...openHttp(url), origin: { service: 'AGENT', path: '/inner' } }, [issuer], {
        id: 'bound',
        path: '/bound',
      }),
      { id: 'open', path: '/open', agent: openHttp(url), public: true },
      routeOf({ kind: 'langgraph', origin: { url }, operations: ['threads.*', 'store.*'] }, [issuer], {
        threads: 'shared',
      }),
      routeOf({ kind: 'langgraph', origin: { url } }, [issuer], {
        id: 'runs',
        path: '/runs',
        threads: 'shared',
        policies: [
          policyWithExamples({
            id: 'runs-only',
            allow: [{ name: 'runs', operations: ['run.*'] }],
            deny: [{ name: 'no deletion', operations: ['run.delete'] }],
          }),
        ],
      }),
      routeOf(
        {
          kind: 'http',
          origin: { url },
          operations: ['docs.read'],
          endpoints: [
            { operation: 'docs.read', method: 'GET', path: '/*' },
            { operation: 'docs.admin', method: 'GET', path: '/admin/*' },
          ],
        },
        [issuer],
        { id: 'narrow', path: '/narrow' },
      ),
    ],
    {
      services: {
        AGENT: (request) => Response.json({ url: request.url, isSigned: request.headers.has('x-sallyport-assertion') }),
      },
    },
  )
  const everything = routeOf({ kind: 'langgraph', origin: { url: world.origin.url } }, [world.issuer], {
    path: '/',
    threads: 'shared',
  })
  whole = await startGateway({ routes: [everything] })
})
afterAll(async () => {
  await whole?.close()
  await world?.close()
})

describe('forwarding', () => {
  it('method, path, query and body reach the origin unchanged, below its path prefix', async () => {
    const reply = await world.as('alice', '/agents/http/documents/7?a=1&a=2', {
      method: 'PUT',
      body: 'text é',
      headers: { 'content-type': 'text/plain' },
    })
    expect(reply.status).toBe(200)
    expect(world.origin.last()).toMatchObject({ method: 'PUT', url: '/v1/documents/7?a=1&a=2', body: 'text é' })
    expect(world.origin.last().headers['content-type']).toBe('text/plain')
  })

  it('an endpoint with a literal segment wins over an endpoint with a parameter', async () => {
    expect((await world.as('alice', '/agents/http/documents/7')).status).toBe(200)
    expect((await world.as('alice', '/agents/http/documents/search')).status).toBe(403)
    expect((await world.as('alice', '/agents/http/files/a/b/c')).status).toBe(200)
    expect((await world.as('alice', '/agents/http/documents')).status).toBe(404)
    expect((await world.as('alice', '/agents/http/documents/7/pages')).status).toBe(404)
  })

  it('a HEAD request to a listed endpoint is forwarded and answered without a body', async () => {
    const reply = await world.as('alice', '/agents/http/documents/7', { method: 'HEAD' })
    expect([reply.status, await reply.text()]).toEqual([200, ''])
    expect(world.origin.last().method).toBe('HEAD')
  })

  it('the gateway reaches an agent without public address by its service binding', async () => {
    const reply = await world.as('alice', '/bound/x?q=1')
    expect(await reply.json()).toEqual({ url: 'https://agent.service.internal/inner/x?q=1', isSigned: true })
  })

  it('a public route needs no token, forwards no token and sends no assertion', async () => {
    for (const person of [undefined, 'alice'] as const) {
      expect((await world.as(person, '/open/x')).status).toBe(200)
      const headers = JSON.stringify(world.origin.last().headers)
      expect(headers).not.toContain('eyJ')
      expect(headers).not.toContain('authorization')
    }
  })

  it('a route offers exactly the operations that it names, even if closed by default', async () => {
    expect((await world.as('alice', '/agents/langgraph/threads/search', json({}))).status).toBe(200)
    expect(
      (
        await world.as('alice', '/agents/langgraph/store/items', {
          ...json({ namespace: ['a'], key: 'k', value: {} }),
          method: 'PUT',
        })
      ).status,
    ).toBe(200)
    expect((await world.as('alice', '/agents/langgraph/runs/stream', json({}))).status).toBe(404)
  })

  it('a request to a closed endpoint gets 404, even if a wider pattern of an open endpoint also matches the path', async () => {
    expect((await world.as('alice', '/narrow/guide')).status).toBe(200)
    const before = world.origin.received.length
    expect((await world.as('alice', '/narrow/admin/secrets')).status).toBe(404)
    expect(world.origin.received.length).toBe(before)
  })

  it('a policy must also permit the operations that the query or the body of a request asks for', async () => {
    const audited = async (path: string, init: RequestInit) => {
      const reply = await world.as('alice', `/runs${path}`, init)
      return [reply.status, (await world.gateway.auditOf(reply)).operations?.join(' ')]
    }
    expect(await audited('/threads/t/runs/r/cancel?action=interrupt', json({}))).toEqual([200, 'run.cancel'])
    expect(await audited('/threads/t/runs/r/cancel?action=rollback', json({}))).toEqual([403, 'run.cancel run.delete'])
    expect(await audited('/threads/t/runs/wait', json({ multitask_strategy: 'rollback' }))).toEqual([
      403,
      'run.wait run.delete',
    ])
    expect(await audited('/threads/t/runs/wait', json({ if_not_exists: 'create' }))).toEqual([
      403,
      'run.wait threads.create',
    ])
    expect(await audited('/runs/batch', json([{}, { if_not_exists: 'create' }]))).toEqual([
      403,
      'run.batch threads.create',
    ])
    expect(
      await audited('/threads/t/commands', json({ method: 'run.start', params: { multitask_strategy: 'rollback' } })),
    ).toEqual([403, 'run.command run.delete'])
    const closed = await world.as('alice', '/agents/langgraph/threads/t/runs/r/cancel?action=rollback', json({}))
    expect(closed.status).toBe(404)
  })

  it('the idempotency key differs by caller, even on routes without threads (X6)', async () => {
    const keyOf = async (person: 'alice' | 'bob', key: string) => {
      await world.as(person, '/agents/http/documents/7', { headers: { 'idempotency-key': key } })
      return world.origin.last().headers['idempotency-key']
    }
    const alice = await keyOf('alice', 'order-1')
    expect(alice).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(await keyOf('alice', 'order-1')).toBe(alice)
    expect(await keyOf('alice', 'order-2')).not.toBe(alice)
    expect(await keyOf('bob', 'order-1')).not.toBe(alice)
    expect(await keyOf('bob', String(alice))).not.toBe(alice)
    expect(await keyOf('bob', '"order-1"')).toMatch(/^"[0-9a-f-]{36}"$/)
  })

  it('a GET request with a body is forwarded without the body', async () => {
    const { port } = new URL(world.gateway.url)
    const answer = await sendRaw(
      world.gateway.url,
      `GET /agents/http/documents/7 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${await world.token('alice')}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 200 /)
    expect(world.origin.last().body).toBe('')
  })

  it('a route at the path / gets every path except the endpoints of the gateway', async () => {
    const headers = bearer(await world.token('alice'))
    expect((await whole.fetch('/threads/t', { headers })).status).toBe(200)
    expect(world.origin.last().url).toBe('/threads/t')
    expect((await whole.fetch('/.well-known/jwks.json')).status).toBe(200)
    expect((await whole.fetch('/.sallyport/health')).status).toBe(200)
    expect((await whole.fetch('/')).status).toBe(401)
  })

  it('a reply is marked private and nosniff, and has an x-request-id header', async () => {
    const reply = await world.as('alice', '/agents/http/documents/7')
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
  })
})
