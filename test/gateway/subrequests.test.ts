import { afterAll, beforeAll, expect, it } from 'vitest'
import { bearer, issuerOf, openHttp, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'
import { type Issuers, publicKeys, publishes, startIssuers } from '../support/issuers'
import { privateKey } from '../support/keys'
import { type RecordingOrigin, startOrigin } from '../support/origin'
import { json } from '../support/world'

/* Requests that one request costs. A Worker may have six waiting for an answer at a time. */

const key = await privateKey('ES256')
let issuers: Issuers
let origin: RecordingOrigin
let gateway: TestGateway

beforeAll(async () => {
  ;[issuers, origin] = await Promise.all([startIssuers(), startOrigin()])
  issuers.set('login', { jwks: publishes(publicKeys(key)) })
  const issuer = issuerOf(issuers.issuer('login'))
  gateway = await startGateway({
    routes: [
      routeOf(openHttp(origin.url), [issuer]),
      routeOf({ kind: 'langgraph', origin: { url: origin.url } }, [issuer]),
      routeOf({ kind: 'ag-ui', origin: { url: origin.url } }, [issuer]),
    ],
  })
})
afterAll(async () => {
  await gateway?.close()
  await Promise.all([issuers?.close(), origin?.close()])
})

async function cost(path: string, init: RequestInit = {}): Promise<number> {
  const before = origin.received.length + issuers.received('login').length
  const headers = { ...(init.headers as object), ...bearer(issuers.token('login', key)) }
  await (await gateway.fetch(path, { ...init, headers })).arrayBuffer()
  return origin.received.length + issuers.received('login').length - before
}
const run = json({ threadId: 't', runId: 'r', messages: [] })

it('the first request in a new isolate causes three requests, and each later request causes one (F21)', async () => {
  // Discovery, keys, agent.
  expect(await cost('/agents/http/x')).toBe(3)
  expect(await cost('/agents/http/x')).toBe(1)
  expect(await cost('/agents/ag-ui', run)).toBe(1)
  // The owner of the thread is asked for first, and by that answer the request is refused.
  expect(await cost('/agents/langgraph/threads/4c3f9d1e-6d1c-4f67-9d8d-2f6a3f9c0a11/state')).toBe(1)
  expect(await cost('/agents/langgraph/assistants/search', json({}))).toBe(1)
})
