import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { routeOf } from '../support/fixtures'
import { beginEvents, type RecordingOrigin, startOrigin } from '../support/origin'
import { agentsPart, type Gear, gears, runBody } from '../support/streams'
import { call } from '../support/wire'
import { openWorld, type World } from '../support/world'

let world: World
let origin: RecordingOrigin
const agUi = gears.find(({ name }) => name === 'ag-ui-reading')!
const langGraph = gears.find(({ name }) => name === 'langgraph-reading')!
const agno: Gear = { ...agUi, name: 'agno', path: '/agents/agno' }

beforeAll(async () => {
  origin = await startOrigin()
  world = await openWorld(({ trust }) => [
    agUi.route(origin.url, trust),
    langGraph.route(origin.url, trust),
    routeOf({ kind: 'copilotkit', origin: { url: origin.url } }, trust, {
      id: 'runtime',
      path: '/agents/runtime',
      threads: 'shared',
    }),
    routeOf({ kind: 'ag-ui', origin: { url: origin.url } }, trust, {
      id: 'agno',
      path: agno.path,
      threads: 'shared',
      identity: { forwardedProps: { user_id: 'user_id' } },
    }),
  ])
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
})

const SECRET = 'alice@example.com'
const user = { user_id: 'alice', email: SECRET, roles: ['admin'] }

const start = (gear: Gear) =>
  call(world.gateway.url + gear.path, { body: runBody[gear.protocol], headers: world.alice })

/** The rest of a stream that the origin sends in these pieces. */
async function left(gear: Gear, ...pieces: readonly (string | Uint8Array)[]): Promise<string> {
  origin.handle(async (_request, response) => {
    beginEvents(response)
    for (const piece of pieces) {
      response.write(piece)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    response.end()
  })
  const reply = await start(gear)
  expect(await reply.end).toBe('whole')
  return agentsPart(reply.bytes()).toString()
}

const eventOf = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`

describe('identity in AG-UI events', () => {
  const cases: [string, object, object][] = [
    [
      'RUN_STARTED.input',
      {
        type: 'RUN_STARTED',
        input: { threadId: 't', state: { auth_user: user, turns: 1 }, forwardedProps: { auth_user: 1 } },
      },
      { type: 'RUN_STARTED', input: { threadId: 't', state: { turns: 1 }, forwardedProps: { auth_user: 1 } } },
    ],
    [
      'STATE_SNAPSHOT',
      { type: 'STATE_SNAPSHOT', snapshot: { auth_user: user, deep: [{ auth_user: 'mine', kept: 1 }] } },
      { type: 'STATE_SNAPSHOT', snapshot: { deep: [{ auth_user: 'mine', kept: 1 }] } },
    ],
    [
      'STATE_DELTA, by path',
      {
        type: 'STATE_DELTA',
        delta: [
          { op: 'add', path: '/auth_user', value: user },
          { op: 'replace', path: '/auth_user/email', value: SECRET },
          { op: 'add', path: '/auth_user/roles/-', value: SECRET },
          { op: 'test', path: '/a/auth_user', value: 'mine' },
          { op: 'replace', path: '/turns', value: 2 },
        ],
      },
      {
        type: 'STATE_DELTA',
        delta: [
          { op: 'test', path: '/a/auth_user', value: 'mine' },
          { op: 'replace', path: '/turns', value: 2 },
        ],
      },
    ],
    [
      'STATE_DELTA, by from',
      {
        type: 'STATE_DELTA',
        delta: [
          { op: 'copy', from: '/auth_user', path: '/x' },
          { op: 'move', from: '/auth_user/email', path: '/y' },
          { op: 'move', from: '/a', path: '/b' },
        ],
      },
      { type: 'STATE_DELTA', delta: [{ op: 'move', from: '/a', path: '/b' }] },
    ],
    [
      'STATE_DELTA that replaces the root',
      { type: 'STATE_DELTA', delta: [{ op: 'replace', path: '', value: { auth_user: user, turns: 3 } }] },
      { type: 'STATE_DELTA', delta: [{ op: 'replace', path: '', value: { turns: 3 } }] },
    ],
    [
      'RAW with an event of LangGraph',
      {
        type: 'RAW',
        event: { event: 'on_chain_end', data: { input: { auth_user: user }, output: { auth_user: user, n: 1 } } },
      },
      { type: 'RAW', event: { event: 'on_chain_end', data: { input: {}, output: { n: 1 } } } },
    ],
    [
      'RAW with an event of LangGraph that wraps the state',
      { type: 'RAW', event: { event: 'on_chain_start', data: { input: { state: { auth_user: user, n: 1 } } } } },
      { type: 'RAW', event: { event: 'on_chain_start', data: { input: { state: { n: 1 } } } } },
    ],
    [
      'rawEvent of LangGraph’s JavaScript adapter, which wraps the event',
      { type: 'STEP_STARTED', rawEvent: { event: 'events', data: { data: { output: { auth_user: user } } } } },
      { type: 'STEP_STARTED', rawEvent: { event: 'events', data: { data: { output: {} } } } },
    ],
    [
      'rawEvent',
      { type: 'TEXT_MESSAGE_END', messageId: 'm', rawEvent: { data: { chunk: { auth_user: user } } } },
      { type: 'TEXT_MESSAGE_END', messageId: 'm', rawEvent: { data: { chunk: {} } } },
    ],
  ]

  it.each(cases)('identity is removed from AG-UI events: %s', async (_what, event, cleared) => {
    expect(await left(agUi, eventOf(event))).toBe(eventOf(cleared))
  })

  it.each<[string, object]>([
    [
      'a text',
      { type: 'TEXT_MESSAGE_CONTENT', delta: 'read context.get("auth_user")', rows: [{ path: '/auth_user' }] },
    ],
    [
      'a message',
      { type: 'MESSAGES_SNAPSHOT', messages: [{ id: 'm', role: 'user', content: 'x', auth_user: 'mine' }] },
    ],
    ['an activity', { type: 'ACTIVITY_DELTA', messageId: 'm', patch: [{ op: 'add', path: '/auth_user', value: 1 }] }],
    ['an event of the agent’s own', { type: 'CUSTOM', name: 'x', value: { auth_user: 'mine' } }],
    [
      'the arguments of a tool',
      { type: 'TOOL_CALL_RESULT', content: '{"auth_user":"mine"}', snapshot: { auth_user: 1 } },
    ],
  ])('an AG-UI event passes unchanged if the name of an identity field occurs only in %s', async (_what, event) => {
    expect(await left(agUi, eventOf(event))).toBe(eventOf(event))
  })

  it('identity is removed from JSON that Python wrote, and NaN and Infinity are kept', async () => {
    const event = (gone: string) => `data: {"type":"STATE_SNAPSHOT","snapshot":{${gone}"n":NaN,"l":[-Infinity, 1]}}\n\n`
    expect(await left(agUi, event(`"auth_user":${JSON.stringify(user)},`))).toBe(event(''))
    const patch = (operations: string) =>
      `data: {"type":"STATE_DELTA","delta":[${operations}{"op":"add","path":"/n","value":NaN}]}\n\n`
    expect(await left(agUi, patch('{"op":"add","path":"/auth_user/n","value":NaN},'))).toBe(patch(''))
  })

  it('large numbers, decimals and duplicate members keep their bytes when identity is removed', async () => {
    const event = (gone: string) =>
      `data: {"type":"STATE_SNAPSHOT", "snapshot":{${gone}"n":12345678901234567890,"m":1.0,"m":1.10}}\n\n`
    expect(await left(agUi, event(`"auth_user":${JSON.stringify(user)},`))).toBe(event(''))
  })

  it('an identity field in forwardedProps that the route sets is removed from RUN_STARTED', async () => {
    const event = (props: object) => eventOf({ type: 'RUN_STARTED', input: { forwardedProps: props } })
    expect(await left(agno, event({ user_id: 'alice', theme: 'dark' }))).toBe(event({ theme: 'dark' }))
  })

  const dirty = eventOf({ type: 'STATE_SNAPSHOT', snapshot: { auth_user: user, city: '世界 👩‍💻' } })
  const clean = eventOf({ type: 'STATE_SNAPSHOT', snapshot: { city: '世界 👩‍💻' } })
  const other = eventOf({ type: 'STEP_STARTED', stepName: 'ü' })

  it('identity is removed from each of several events in a single chunk', async () => {
    expect(await left(agUi, other + dirty + other + dirty + other)).toBe(other + clean + other + clean + other)
  })

  it('identity is removed from an event in small chunks, even if a chunk ends inside a character', async () => {
    const bytes = Buffer.from(other + dirty + other)
    for (const size of [1, 3, 20]) {
      const pieces = Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, n) =>
        bytes.subarray(n * size, n * size + size),
      )
      expect(await left(agUi, ...pieces)).toBe(other + clean + other)
    }
  })

  it('comment, id, event and retry lines are kept when identity is removed from an event', async () => {
    const lines = ': about auth_user\nid: 7\nevent: auth_user\nretry: 10\n'
    expect(await left(agUi, lines + dirty)).toBe(lines + clean)
  })

  it.each([
    ['CR LF', dirty.replaceAll('\n', '\r\n')],
    ['CR', dirty.replaceAll('\n', '\r')],
    ['a byte order mark', `\ufeff${dirty}`],
    ['no space after the colon', dirty.replace('data: ', 'data:')],
    ['mixed line ends', `data: ${dirty.slice(6, -2)}\n\r\n`],
    ['no blank line at the end', dirty.trimEnd()],
  ])('identity is removed from an event with %s', async (_what, text) => {
    expect(await left(agUi, text)).toBe(clean)
  })

  it('event data that is not JSON, or is nested too deeply to read, passes unchanged', async () => {
    for (const data of ['[DONE] auth_user', `{auth_user:'x'}`, `x auth_user ${'['.repeat(200_000)}`])
      expect(await left(agUi, `data: ${data}\n\n${other}`)).toBe(`data: ${data}\n\n${other}`)
  })
})

describe('identity in LangGraph events', () => {
  it('identity is removed from the configuration in a LangGraph event, and other data is kept', async () => {
    const event = (configurable: object) =>
      `event: debug\r\ndata: ${JSON.stringify({ payload: { config: { configurable }, values: { langgraph_auth_user_id: 'mine' } } })}\r\nid: 3\r\n\r\n`
    const given = {
      langgraph_auth_user: { identity: SECRET },
      langgraph_auth_user_id: SECRET,
      langgraph_auth_permissions: [SECRET],
      thread_id: 't',
    }
    const kept = JSON.stringify({
      payload: { config: { configurable: { thread_id: 't' } }, values: { langgraph_auth_user_id: 'mine' } },
    })
    expect(await left(langGraph, event(given))).toBe(`event: debug\nid: 3\ndata: ${kept}\n\n`)
  })
})

describe('identity headers that LangGraph stores with a run', () => {
  const kept = { 'x-user-id': 'alice', 'x-user-email': SECRET, 'x-user-roles': 'admin', 'x-user-name': 'Alice' }
  const told = {
    ...kept,
    'x-user-scopes': 's',
    'x-user-tenant': 't',
    'x-user-issuer': 'i',
    langgraph_auth_user_id: 'a',
  }

  it('identity headers that LangGraph stores are removed from configurations and metadata', async () => {
    const debug = (more: object) =>
      eventOf({ config: { configurable: { thread_id: 't', ...more }, metadata: { ...more } } })
    expect(await left(langGraph, debug(told))).toBe(debug({}))
    const message = (more: object) =>
      `event: messages\n${eventOf([{ content: 'x-user-id' }, { langgraph_node: 'a', ...more }])}`
    expect(await left(langGraph, message(told))).toBe(message({}))
  })

  it('identity headers that LangGraph stores are removed from events of a CopilotKit runtime', async () => {
    const raw = (more: object) =>
      eventOf({ type: 'RAW', event: { event: 'on_chain_end', metadata: { thread_id: 't', ...more }, data: {} } })
    origin.handle((_request, response) => {
      beginEvents(response)
      response.end(raw(kept))
    })
    const reply = await call(`${world.gateway.url}/agents/runtime/agent/a/run`, {
      body: runBody['ag-ui'],
      headers: world.alice,
    })
    await reply.end
    expect(agentsPart(reply.bytes()).toString()).toBe(raw({}))
  })
})

describe('identity in replies that are not streams', () => {
  const answer = (status: number, type: string | undefined, body: string | Buffer) =>
    origin.handle((_request, response) => {
      response.writeHead(status, type === undefined ? {} : { 'content-type': type }).end(body)
    })
  const got = async (gear = agUi) => {
    const reply = await start(gear)
    await reply.end
    return reply
  }

  it('a 422 error that repeats the input keeps the identity of the caller', async () => {
    const detail = JSON.stringify({
      detail: [{ type: 'missing', loc: ['body'], input: { state: { auth_user: user } } }],
    })
    answer(422, 'application/json', detail)
    const reply = await got()
    expect([reply.status, reply.text()]).toEqual([422, detail])
  })

  it('identity is removed from a JSON reply with the state of a LangGraph thread', async () => {
    answer(
      200,
      'application/json',
      JSON.stringify([{ config: { configurable: { langgraph_auth_user_id: SECRET, a: 1 } } }]),
    )
    expect((await got(langGraph)).text()).toBe(JSON.stringify([{ config: { configurable: { a: 1 } } }]))
  })

  it('a reply that the gateway cannot search for identity is refused with 502', async () => {
    const binary = Buffer.from(`\0\0\0\x20auth_user${SECRET}`)
    const cases: [string, string | Buffer][] = [
      ['application/vnd.ag-ui.event+proto', binary],
      ['application/vnd.ag-ui.event+proto', 'nothing of it'],
      ['application/octet-stream', binary],
      ['application/json', `{"auth_user":"${SECRET}","x":"${'x'.repeat(9_000_000)}"}`],
    ]
    for (const [type, body] of cases) {
      answer(200, type, body)
      const reply = await got()
      expect([type, reply.status, JSON.parse(reply.text()).code]).toEqual([type, 502, 'origin-reply-refused'])
      expect(reply.text()).not.toContain(SECRET)
    }
  })

  it('a reply without identity passes byte for byte', async () => {
    const json = '{ "a" : 1.0, "a":2, "b":"\\u00fc" }\n'
    for (const [status, type] of [
      [200, 'application/json'],
      [500, 'text/plain'],
      [503, 'text/html'],
    ] as const) {
      answer(status, type, json)
      const reply = await got()
      expect([reply.status, reply.text(), reply.headers['content-type']]).toEqual([status, json, type])
    }
  })
})
