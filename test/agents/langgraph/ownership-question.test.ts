import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually'
import { routeOf } from '../../support/fixtures'
import { beginEvents } from '../../support/origin'
import { refused } from '../../support/refusal'
import { call } from '../../support/wire'
import { json, openWorld, type World } from '../../support/world'
import { forwardedTo, LangGraphStub, ownerIn, questionsAt } from './stub'

let world: World
let stub: LangGraphStub
let alice: string
let bob: string

beforeAll(async () => {
  world = await openWorld(
    ({ origin: { url }, issuer }) => [
      routeOf({ kind: 'langgraph', origin: { url }, credential: { header: 'x-api-key', secret: 'AGENT_KEY' } }, [
        issuer,
      ]),
    ],
    { vars: { AGENT_KEY: 's3cret' } },
  )
  ;[alice, bob] = await Promise.all([ownerIn(world, 'alice'), ownerIn(world, 'bob')])
})
afterAll(() => world?.close())
beforeEach(() => {
  stub = new LangGraphStub()
  world.origin.handle(stub.handler)
  world.origin.received.length = 0
})

describe('the request for the owner of a thread', () => {
  it('the request for the owner of a thread has a new assertion and only the trace of the caller (S18)', async () => {
    const thread = stub.thread(alice)
    const headers = {
      'x-api-key': 'forged',
      'x-user-id': 'mallory',
      'last-event-id': 'client-1',
      'accept-language': 'client-2',
      'idempotency-key': 'client-3',
      prefer: 'client-4',
      cookie: 'client-5',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    }
    const reply = await world.as('alice', `/agents/langgraph/threads/${thread}/state?a=b`, { headers })
    expect(reply.status).toBe(200)
    const [question, request] = world.origin.received
    if (!question || !request) throw new Error('not both were asked')
    expect([question.method, question.url]).toEqual(['POST', '/threads/search'])
    expect(JSON.parse(question.body)).toEqual({ ids: [thread], limit: 1, select: ['thread_id', 'metadata'] })

    const all = JSON.stringify(question)
    for (const part of (await world.token('alice')).split('.')) expect(all).not.toContain(part)
    expect(all).not.toMatch(/client-|forged|mallory/)
    expect(question.headers['x-api-key']).toBe('s3cret')
    expect(question.headers['x-user-id']).toBe('alice')
    expect(question.headers.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/)

    const keys = createRemoteJWKSet(new URL(`${world.gateway.url}/.well-known/jwks.json`))
    const assertion = (headers: typeof question.headers) => String(headers.authorization).replace('Bearer ', '')
    const options = {
      issuer: world.gateway.url,
      audience: 'langgraph',
      currentDate: new Date(),
    }
    const { payload } = await jwtVerify(assertion(question.headers), keys, options)
    expect(payload).toMatchObject({
      sub: 'alice',
      idp: world.provider.issuer,
      htm: 'POST',
      htu: '/threads/search',
      bdg: createHash('sha256').update(question.body).digest('base64url'),
    })
    // An agent that takes each id but once must take the request after the question.
    expect(payload.jti).not.toBe(reply.headers.get('x-request-id'))
    expect(assertion(request.headers)).not.toBe(assertion(question.headers))
    expect((await jwtVerify(assertion(request.headers), keys, options)).payload).toMatchObject({
      jti: reply.headers.get('x-request-id'),
      htm: 'GET',
      htu: `/threads/${thread}/state?a=b`,
      thread_id: thread,
    })
  })

  it('the gateway asks a LangGraph server for the owner of a thread with the user id of the caller', async () => {
    const thread = stub.thread(alice)
    await (await world.as('bob', `/agents/langgraph/threads/${thread}`)).text()
    expect(questionsAt(world.origin)[0]?.headers['x-user-id']).toBe('bob')
  })

  it('a missing thread and a thread of another person get the same 404, and nothing is forwarded (X15)', async () => {
    const answers = await Promise.all(
      [stub.thread(bob), crypto.randomUUID()].map(async (thread) => {
        const reply = await world.as('alice', `/agents/langgraph/threads/${thread}/runs/stream`, json({}))
        const { requestId, ...body } = (await reply.json()) as { requestId: string }
        expect(requestId).toBe(reply.headers.get('x-request-id'))
        const headers = [...reply.headers].filter(([name]) => name !== 'x-request-id' && name !== 'date')
        return { status: reply.status, body, headers }
      }),
    )
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]?.status).toBe(404)
    expect(forwardedTo(world.origin)).toEqual([])
    const refusal = await world.as('alice', `/agents/langgraph/threads/${stub.thread(bob)}`)
    expect(await refused(refusal)).toEqual({ status: 404, code: 'thread-unknown' })
  })

  it('the server gets the same requests for a missing thread and a thread of another person (X15)', async () => {
    const foreign = stub.thread(bob)
    const asked: Record<'foreign' | 'missing', unknown[]> = { foreign: [], missing: [] }
    for (let n = 0; n < 20; n++) {
      for (const which of n % 2 ? (['foreign', 'missing'] as const) : (['missing', 'foreign'] as const)) {
        const thread = which === 'foreign' ? foreign : crypto.randomUUID()
        const before = world.origin.received.length
        const reply = await world.as('alice', `/agents/langgraph/threads/${thread}`)
        expect(await refused(reply)).toEqual({ status: 404, code: 'thread-unknown' })
        asked[which].push(
          world.origin.received.slice(before).map(({ method, url, body }) => ({ method, url, size: body.length })),
        )
      }
    }
    expect(asked.foreign).toEqual(asked.missing)
    expect(asked.foreign).toEqual(Array(20).fill([expect.objectContaining({ method: 'POST', url: '/threads/search' })]))
  })
})

describe('streams joined before the owner is known', () => {
  /** Not known from another test. */
  const delayed = () => {
    const id = stub.thread(alice, crypto.randomUUID())
    const { promise, resolve } = Promise.withResolvers<void>()
    stub.asked = async (...asked) => {
      await promise
      stub.asked = undefined
      return stub.handler(...asked)
    }
    stub.said = (_request, response) => {
      beginEvents(response)
      response.end('data: 1\n\n')
    }
    return { id, go: resolve }
  }

  it('the gateway requests a stream only after the server has named the owner of the thread', async () => {
    const { id, go } = delayed()
    let answered = false
    const reply = world.as('alice', `/agents/langgraph/threads/${id}/stream`).finally(() => {
      answered = true
    })
    await eventually('the question is there', () => questionsAt(world.origin).length === 1)
    await sleep(50)
    expect([forwardedTo(world.origin).length, answered]).toEqual([0, false])
    go()
    expect(await (await reply).text()).toBe('data: 1\n\n')
  })

  it('if the caller leaves, the gateway stops its request for the owner of the thread and requests no stream (F10)', async () => {
    const { id, go } = delayed()
    const abortedBefore = world.origin.aborted()
    const headers = { authorization: `Bearer ${await world.token('alice')}` }
    const url = `${world.gateway.url}/agents/langgraph/threads/${id}/stream`
    call(url, {
      headers,
      onRequest: (request) =>
        request
          .on('socket', (socket) => {
            socket.on('error', () => undefined)
            eventually('the question is there', () => questionsAt(world.origin).length === 1).then(() =>
              socket.resetAndDestroy(),
            )
          })
          .on('error', () => undefined),
    }).catch(() => undefined)
    await eventually('the question is stopped', () => world.origin.aborted() > abortedBefore, 5)
    go()
    await eventually('the audit line', () => world.gateway.audit.at(-1)?.code === 'client-gone')
    expect(forwardedTo(world.origin)).toEqual([])
  })
})
