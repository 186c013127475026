import { afterAll, beforeAll, expect, it } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { type RecordingOrigin, startOrigin } from '../../support/origin'
import { openWorld, type World } from '../../support/world'

let server: RecordingOrigin
let world: World
/** The facts that a LangGraph server has about threads, by their ids. */
const threads = new Map<string, object>()
let begun: PromiseWithResolvers<void>
let held: PromiseWithResolvers<void>

beforeAll(async () => {
  server = await startOrigin(async ({ method, url = '' }, response, body) => {
    const [, , id = ''] = url.split('/')
    if (method === 'DELETE') {
      begun.resolve()
      await held.promise
      threads.delete(id)
      return void response.writeHead(204).end()
    }
    if (url.includes('/runs?')) return void response.writeHead(200, { 'content-type': 'application/json' }).end('[]')
    const asked = body ? JSON.parse(body) : {}
    if (url === '/threads') threads.set(asked.thread_id, { thread_id: asked.thread_id, metadata: asked.metadata })
    const found = threads.get(url === '/threads' ? asked.thread_id : id)
    const answer = url === '/threads/search' ? [threads.get(asked.ids[0])].filter(Boolean) : found
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? { detail: 'not found' }))
  })
  world = await openWorld(({ trust }) => [routeOf({ kind: 'langgraph', origin: { url: server.url } }, trust)])
})
afterAll(async () => {
  await world?.close()
  await server?.close()
})

it('a read during a deletion gives no access after another person recreates the thread (X6)', async () => {
  begun = Promise.withResolvers()
  held = Promise.withResolvers()
  const id = crypto.randomUUID()
  const alice = async (method: string, path: string, body?: object) => {
    const headers = { ...world.alice, ...(body && { 'content-type': 'application/json' }) }
    const reply = await world.gateway.fetch(`/agents/langgraph${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    })
    return reply.status
  }
  expect(await alice('POST', '/threads', { thread_id: id })).toBe(200)
  const gone = alice('DELETE', `/threads/${id}`)
  await begun.promise
  // The owner was forgotten when the request to delete it came, and is asked for again.
  expect(await alice('GET', `/threads/${id}`)).toBe(200)
  held.resolve()
  expect(await gone).toBe(204)
  // Another person recreates it through another isolate of the gateway, unnoticed by this one.
  threads.set(id, { thread_id: id, metadata: { sallyport_owner: 'of somebody else' } })
  expect(await alice('GET', `/threads/${id}`)).toBe(404)
})
