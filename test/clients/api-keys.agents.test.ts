import { spawn } from 'node:child_process'
import path from 'node:path'
import { json as jsonOf, text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newKey, recordOf } from '../support/api-keys'
import { root } from '../support/build'
import { type LangGraphSdk, loadClients } from '../support/clients'
import { routeOf } from '../support/fixtures'
import { type LangGraphServer, startLangGraphServer } from '../support/langgraph-server'
import { pythonOf } from '../support/python'
import { openWorld, type World } from '../support/world'

/* LangGraph's own clients with an API key of the gateway, in front of a real LangGraph server. */

let sdk: LangGraphSdk
let server: LangGraphServer
let world: World
let key: string

beforeAll(async () => {
  sdk = (await loadClients()).langGraph
  server = await startLangGraphServer()
  world = await openWorld(
    ({ trust }) => [
      routeOf({ kind: 'langgraph', origin: { url: server.url } }, [...trust, { id: 'keys', binding: 'API_KEYS' }]),
    ],
    { namespaces: ['API_KEYS'] },
  )
  const made = await newKey()
  key = made.key
  await (await world.gateway.kv('API_KEYS')).put(
    made.name,
    JSON.stringify(recordOf({ subject: 'carol', roles: ['admin'] })),
  )
}, 300_000)
afterAll(async () => {
  await world?.close()
  await server?.close()
})

const url = () => `${world.gateway.url}/agents/langgraph`
const OTHER = 'lsv2_pt_0123456789abcdef'

describe('LangGraph JavaScript client with an API key', () => {
  it.each<[string, (key: string) => { apiKey: string | null; defaultHeaders?: Record<string, string> }]>([
    ['the apiKey option', (apiKey) => ({ apiKey })],
    ['the x-api-key header', (own) => ({ apiKey: null, defaultHeaders: { 'x-api-key': own } })],
    ['the Authorization header', (own) => ({ apiKey: null, defaultHeaders: { authorization: `Bearer ${own}` } })],
    [
      'the Authorization header beside another apiKey',
      (own) => ({ apiKey: OTHER, defaultHeaders: { authorization: `Bearer ${own}` } }),
    ],
  ])('an API key in %s is accepted, and the graph sees the person but not the key', async (_, given) => {
    const { threads, runs } = new sdk.Client({ apiUrl: url(), ...given(key) })
    const { thread_id: thread } = await threads.create()
    const result = JSON.stringify(
      await runs.wait(thread, 'agent', { input: { messages: [{ role: 'user', content: 'hi' }] } }),
    )
    expect(result).toContain('keys:carol')
    expect(result).not.toContain(key)
    expect(result).not.toContain(OTHER)
  })

  it('a token beside an API key for another server is accepted, as LangGraph pages send both', async () => {
    const { threads } = new sdk.Client({ apiUrl: url(), apiKey: OTHER, defaultHeaders: world.alice })
    expect(await threads.create()).toMatchObject({ thread_id: expect.any(String) })
  })

  it('a person with a token gets 404 for a thread of a caller with an API key', async () => {
    const own = new sdk.Client({ apiUrl: url(), apiKey: key })
    const { thread_id: thread } = await own.threads.create()
    const alice = new sdk.Client({ apiUrl: url(), apiKey: null, defaultHeaders: world.alice })
    await expect(alice.threads.get(thread)).rejects.toThrow('404')
    expect(await own.threads.get(thread)).toMatchObject({ thread_id: thread })
  })
})

it('the LangGraph Python client is accepted with the key in api_key= and as a bearer', async () => {
  const python = spawn(await pythonOf('examples/langgraph-python'), [
    '-B',
    path.join(root, 'test/clients/langgraph_api_key.py'),
  ])
  python.stdin.end(JSON.stringify({ url: url(), key, other: OTHER }))
  const [answers, errors] = await Promise.all([jsonOf(python.stdout).catch(() => undefined), text(python.stderr)])
  expect(answers, errors).toEqual(
    Object.fromEntries(
      ['api_key', 'bearer', 'bearer beside another api_key'].map((way) => [way, expect.stringContaining('keys:carol')]),
    ),
  )
  expect(JSON.stringify(answers)).not.toContain(key)
}, 600_000)
