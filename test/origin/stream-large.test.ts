import { afterAll, beforeAll, expect, it } from 'vitest'
import { routeOf } from '../support/fixtures'
import { beginEvents, type RecordingOrigin, startOrigin } from '../support/origin'
import { json, openWorld, type World } from '../support/world'

const large = 'x'.repeat(9 * 1024 * 1024)
const answer = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { large } })
const events = `id: e1\r\ndata: {}\r\n\r\nid: e2\r\ndata: ${answer}\r\n\r\nid: e3\ndata: {}\n\n`
let origin: RecordingOrigin
let world: World

beforeAll(async () => {
  origin = await startOrigin((_request, response, body) => {
    if (body.includes('tools/list')) {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(answer)
      return
    }
    beginEvents(response)
    response.end(events)
  })
  world = await openWorld(({ trust }) => [routeOf({ kind: 'mcp', origin: { url: origin.url } }, trust)])
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
})

it.each([
  ['an event', 'ping', events],
  ['an answer', 'tools/list', answer],
])(
  '%s of an MCP server passes byte for byte, even if its 9 MiB are more than the gateway can read',
  async (_what, method, expected) => {
    const headers = { ...world.alice, accept: 'application/json, text/event-stream' }
    const reply = await world.gateway.fetch('/agents/mcp', json({ jsonrpc: '2.0', id: 1, method }, headers))
    expect((await reply.text()) === expected).toBe(true)
  },
)
