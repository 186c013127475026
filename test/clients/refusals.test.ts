import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RefusalRow } from '../../src/errors/refusal-row'
import { refusals } from '../../src/errors/refusals'
import { json } from '../support/world'
import { collect, failureOf, loadRefusedClients, mcpClient, type RefusedClients, runAgent } from './refused-clients'
import { CODES, type Code, isPlain, openRefusingWorld, type RefusingWorld } from './refusing-world'

let world: RefusingWorld
let clients: RefusedClients

beforeAll(async () => {
  clients = await loadRefusedClients()
  world = await openRefusingWorld(['ag-ui', 'langgraph', 'mcp'])
}, 300_000)
afterAll(() => world?.close())
beforeEach(() => world.arrived())

const row = (code: Code): RefusalRow => refusals[code]
/** Whether the LangGraph SDK takes a status as the last word for a GET. */
const isFinal = (status: number) => status <= 409 || status === 422
/** The members of the body that an app decides by. */
const bodyOf = (code: Code) => {
  const { status, detail, retryAfter } = row(code)
  return { code, status, detail, message: detail, requestId: expect.any(String), ...(retryAfter && { retryAfter }) }
}
describe.each(CODES)('the refusal %s in clients', (code) => {
  it('a refusal reaches a caller without an SDK as status, headers and body', async () => {
    const response = await fetch(world.at('ag-ui', code), json({ messages: [] }, world.headersOf(code)))
    const { status, retryAfter, challenge } = row(code)
    expect(response.status).toBe(status)
    expect(response.headers.get('retry-after')).toBe(retryAfter === undefined ? null : `${retryAfter}`)
    const announced = response.headers.get('www-authenticate')
    if (challenge === undefined) expect(announced).toBeNull()
    else expect(announced).toMatch(challenge === 'bare' ? /^Bearer realm="[^"]+"(?!, error)/ : `error="${challenge}"`)
    expect(await response.json()).toMatchObject({
      ...bodyOf(code),
      requestId: response.headers.get('x-request-id'),
    })
  })

  it('a refusal rejects runAgent of @ag-ui/client with status and payload after one request', async () => {
    const agent = new clients.agUi.HttpAgent({
      url: world.at('ag-ui', code),
      threadId: 't1',
      headers: world.headersOf(code),
    })
    const { error, called } = await runAgent(agent)
    expect(error).toMatchObject({ status: row(code).status, payload: bodyOf(code) })
    expect(called).toEqual(['onRunInitialized', 'onRunFailed', 'onRunFinalized'])
    expect(await world.arrived()).toEqual([code])
  })

  it.each(
    [
      ['threads.create', 1],
      ['runs.stream', 1],
      ['threads.get', isFinal(row(code).status) ? 1 : 5],
      // Its limit is on bodies.
    ].filter(([call]) => code !== 'body-too-large' || call !== 'threads.get'),
  )('a refusal rejects %s of the LangGraph SDK with status and text after %i requests', async (call, requests) => {
    const apiUrl = world.at('langgraph', code)
    const client = new clients.langGraph.Client({ apiUrl, defaultHeaders: world.headersOf(code), apiKey: null })
    const waits = withoutWaiting()
    const error = await failureOf(
      call === 'threads.get'
        ? client.threads.get(crypto.randomUUID())
        : call === 'threads.create'
          ? client.threads.create()
          : collect(client.runs.stream(null, 'agent', { input: {} })),
    ).finally(() => vi.mocked(globalThis.setTimeout).mockRestore())
    expect(error).toMatchObject({ name: 'Error', status: row(code).status })
    expect(JSON.parse(error.text)).toMatchObject(bodyOf(code))
    expect(error.response.headers.get('x-request-id')).toBe(JSON.parse(error.text).requestId)
    expect(await world.arrived()).toEqual(Array(requests).fill(code))
    // It waits for one to two seconds, then for twice as long each time, whatever Retry-After says.
    expect(waits).toHaveLength(Number(requests) - 1)
    for (const [tries, ms] of waits.entries()) {
      expect(ms).toBeGreaterThanOrEqual(1000 * 2 ** tries)
      expect(ms).toBeLessThanOrEqual(2000 * 2 ** tries)
    }
  })

  it('a refusal rejects connect of the MCP SDK with the status as error code after one request', async () => {
    const options = { requestInit: { headers: world.headersOf(code) } }
    const { told, connect } = mcpClient(clients, world.at('mcp', code), options)
    const error = await failureOf(connect())
    expect(error).toBeInstanceOf(clients.mcp.StreamableHTTPError)
    expect(error.code).toBe(row(code).status)
    expect(told).toEqual([error])
    const { jsonrpc, error: rpc, ...plain } = JSON.parse(error.message.slice(error.message.indexOf('{')))
    expect(jsonrpc ? rpc.data : { ...plain, error: rpc }).toMatchObject(bodyOf(code))
    if (jsonrpc) expect(rpc).toMatchObject({ code: -32090, message: row(code).detail })
    expect(jsonrpc === undefined).toBe(isPlain(code))
    expect(await world.arrived()).toEqual([code])
  })
})

/**
 * Has the LangGraph SDK try again at once.
 *
 * @returns the milliseconds that it would have waited before each further try
 */
function withoutWaiting(): readonly number[] {
  const waits: number[] = []
  const wait = globalThis.setTimeout
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((...[work, ms = 0, ...rest]: Parameters<typeof wait>) => {
    const isRetry = new Error().stack?.includes('p-retry')
    if (isRetry) waits.push(ms)
    return wait(work, isRetry ? 0 : ms, ...rest)
  }) as typeof wait)
  return waits
}
