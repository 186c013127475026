import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { json, openWorld, type World } from '../../support/world'

let world: World
let answer: { readonly type: string; readonly text: string }

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf({ kind: 'mcp', origin: { url } }, [issuer]),
    routeOf({ kind: 'mcp', origin: { url }, eventStore: 'per-session' }, [issuer], {
      id: 'stores',
      path: '/agents/stores',
    }),
    routeOf({ kind: 'mcp', origin: { url } }, [issuer], { id: 'shared', path: '/agents/shared', threads: 'shared' }),
  ])
})
afterAll(() => world?.close())
beforeEach(() => {
  world.origin.received.length = 0
  world.origin.handle((_request, response) => {
    response.setHeader('content-type', answer.type)
    response.end(answer.text)
  })
})

const METHODS = [
  ['tools/call', { name: 'pay' }],
  ['prompts/get', { name: 'pay' }],
  ['resources/read', { uri: 'pay://1' }],
] as const
const NEW = '2026-07-28'
const wanted = (state: string) =>
  `{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","amount":12345678901234567890,"requestState":${JSON.stringify(state)}}}`
const asJson = (text: string) => ({ type: 'application/json', text })
const asStream = (text: string) => ({ type: 'text/event-stream', text: `event: message\ndata: ${text}\n\n` })

function ask(who: 'alice' | 'bob', method: string, params: object, { revision = NEW, route = 'mcp' } = {}) {
  const headers = {
    accept: 'application/json, text/event-stream',
    ...(revision && { 'mcp-protocol-version': revision }),
  }
  return world.as(who, `/agents/${route}`, json({ jsonrpc: '2.0', id: 1, method, params }, headers))
}
const stateIn = (text: string): string => JSON.parse(/"requestState":("(?:[^"\\]|\\.)*")/.exec(text)?.[1] ?? '""')
const received = () => JSON.parse(world.origin.last().body).params

describe.each(METHODS)('requestState of an MCP server (%s) (X6)', (method, params) => {
  it.each([
    ['a JSON answer', asJson],
    ['a stream', asStream],
  ])('the gateway seals the requestState in %s and changes nothing else', async (_what, as) => {
    answer = as(wanted('v1."état".x'))
    const text = await (await ask('alice', method, params)).text()
    const sealed = stateIn(text)
    expect(sealed).toMatch(/^v1\."état"\.x\.[\w-]{43}$/)
    expect(text).toBe(answer.text.replace(JSON.stringify('v1."état".x'), JSON.stringify(sealed)))

    await (await ask('alice', method, { ...params, requestState: sealed })).text()
    expect(received()).toEqual({ ...params, requestState: 'v1."état".x' })
  })

  it('a requestState of another person or without a valid seal gets 404', async () => {
    answer = asJson(wanted('v1.alice'))
    const sealed = stateIn(await (await ask('alice', method, params)).text())
    world.origin.received.length = 0
    for (const requestState of [sealed, 'v1.alice', `v1.alice.${'A'.repeat(43)}`, 7, {}, ['x'], ''])
      expect((await ask('bob', method, { ...params, requestState })).status).toBe(404)
    expect(world.origin.received).toEqual([])
  })

  it('in a batch, a requestState is unsealed for its owner, and other people get 404', async () => {
    answer = asJson(wanted('v1.alice'))
    const sealed = stateIn(await (await ask('alice', method, params)).text())
    world.origin.received.length = 0
    const batch = json([{ jsonrpc: '2.0', id: 1, method, params: { ...params, requestState: sealed } }], {
      accept: 'application/json, text/event-stream',
    })
    expect((await world.as('bob', '/agents/mcp', batch)).status).toBe(404)
    expect(world.origin.received).toEqual([])
    await world.as('alice', '/agents/mcp', batch)
    expect(JSON.parse(world.origin.last().body)).toMatchObject([{ params: { requestState: 'v1.alice' } }])
  })

  it('a request with requestState spelled as RequestState gets 400', async () => {
    expect((await ask('alice', method, { ...params, RequestState: 'v1.bob' })).status).toBe(400)
  })
})

describe('requestState that passes unchanged', () => {
  it('a requestState passes unchanged for clients of an older MCP revision', async () => {
    answer = asJson(wanted('v1'))
    for (const revision of ['2025-11-25', ''])
      expect(await (await ask('alice', 'tools/call', { name: 'pay' }, { revision })).text()).toBe(answer.text)
  })

  it('a requestState passes unchanged in both directions if threads are shared', async () => {
    answer = asJson(wanted('v1'))
    expect(
      await (await ask('bob', 'tools/call', { name: 'pay', requestState: 'v1' }, { route: 'shared' })).text(),
    ).toBe(answer.text)
    expect(received().requestState).toBe('v1')
  })

  it('an event without a requestState to seal passes byte for byte', async () => {
    for (const line of ['data:{"requestState":1}', 'data:  {"requestState":1}', 'data: requestState']) {
      answer = { type: 'text/event-stream', text: `event: message\r\n${line}\r\n\r\n` }
      expect(await (await ask('alice', 'tools/call', { name: 'pay' })).text()).toBe(answer.text)
    }
  })

  it('an answer without a requestState to seal passes unchanged, as JSON or text', async () => {
    for (const text of ['{"jsonrpc":"2.0","id":1,"result":{"n":1.0}}', 'requestState', '{"requestState":"outside"}']) {
      answer = asJson(text)
      expect(await (await ask('alice', 'tools/call', { name: 'pay' })).text()).toBe(text)
    }
  })
})

it.each(['mcp', 'stores'])(
  'the route %s removes last-event-id from a request without a session id (X6)',
  async (route) => {
    answer = asStream('{}')
    const headers = { accept: 'text/event-stream', 'last-event-id': '1', 'mcp-protocol-version': '2025-11-25' }
    await world.as('alice', `/agents/${route}`, { headers })
    expect(world.origin.last()).toMatchObject({ method: 'GET' })
    expect(world.origin.last().headers['last-event-id']).toBeUndefined()
  },
)
