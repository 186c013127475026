import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { refused } from '../../support/refusal'
import { json, openWorld, type World } from '../../support/world'

let world: World

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf({ kind: 'ag-ui', origin: { url } }, [issuer]),
    // Nothing is read here but for the ids.
    routeOf({ kind: 'ag-ui', origin: { url } }, [issuer], {
      id: 'quiet',
      path: '/quiet',
      limits: { heartbeatSeconds: 0 },
    }),
  ])
})
afterAll(() => world?.close())

interface Ids {
  readonly threadId: string
  readonly runId: string
}
type Answer = (ids: Ids, words: string) => { type?: string; status?: number; parts: readonly (string | Buffer)[] }
let answer: Answer

beforeEach(() => {
  world.origin.handle(async (_request, response, body) => {
    const input = JSON.parse(body) as Ids & { messages: { content: string }[] }
    const { type, status = 200, parts } = answer(input, input.messages[0]?.content ?? '')
    response.writeHead(status, type === undefined ? {} : { 'content-type': type })
    response.socket?.setNoDelay(true)
    for (const part of parts) {
      response.write(part)
      await sleep(2)
    }
    response.end()
  })
})

const ask = (ids: Ids, path = '/agents/ag-ui', words = '', person: 'alice' | 'bob' = 'alice') =>
  world.as(
    person,
    path,
    json({ ...ids, messages: [{ id: 'm', role: 'user', content: words }], tools: [], context: [] }),
  )

const EVENTS = 'text/event-stream'
/**
 * Line ends of both kinds, an id beside letters of two and of four bytes, one in a comment, and one
 * in JSON within JSON.
 */
const eventsWith = ({ threadId, runId }: Ids): string => {
  const written = (value: unknown) => JSON.stringify(value)
  return [
    `data: ${written({ type: 'RUN_STARTED', threadId, runId })}\n\n`,
    `: ${written(threadId).slice(1, -1)}\r\n\r\n`,
    `event: x\r\nid: 1\r\ndata: ${written({ type: 'RAW', event: [threadId, { [runId]: `ü${threadId}👩‍💻${runId}` }] })}\r\n\r\n`,
    `data: ${written({ type: 'RUN_FINISHED', threadId, runId })}\n\n`,
  ].join('')
}

const CHOSEN: readonly Ids[] = [
  { threadId: 't', runId: 'r' },
  { threadId: 'a "b" \\ \u0000 \n \u2028 ü 👩‍💻', runId: '$& $1 $$' },
  { threadId: 'data: x', runId: '0b8d7a4e-1111-8222-8333-444455556666' },
]

describe('ids that the caller chose', () => {
  it.each(['/agents/ag-ui', '/quiet'])(
    'a stream has the ids that the caller chose, however its bytes are split: %s',
    async (path) => {
      for (const ids of CHOSEN) {
        let sent = Buffer.alloc(0)
        answer = (derived, words) => {
          sent = Buffer.from(eventsWith(derived))
          const at = Number(words)
          return { type: EVENTS, parts: [sent.subarray(0, at), sent.subarray(at)].filter((part) => part.length > 0) }
        }
        const expected = eventsWith(ids)
        expect(await (await ask(ids, path, '0')).text()).toBe(expected)
        expect(sent.toString()).not.toBe(expected)
        const offsets = Array.from({ length: sent.length - 1 }, (_, at) => at + 1)
        while (offsets.length > 0) {
          const some = offsets.splice(0, 24)
          const texts = await Promise.all(some.map(async (at) => (await ask(ids, path, String(at))).text()))
          expect(some.filter((_, index) => texts[index] !== expected)).toEqual([])
        }
      }
    },
  )

  it('a stream that arrives in single bytes has the ids that the caller chose', async () => {
    answer = (derived) => ({
      type: EVENTS,
      parts: Array.from(Buffer.from(eventsWith(derived)), (byte) => Buffer.of(byte)),
    })
    const texts = await Promise.all(CHOSEN.map(async (ids) => (await ask(ids)).text()))
    expect(texts).toEqual(CHOSEN.map(eventsWith))
  })

  it.each([
    [200, 'application/json'],
    [400, 'application/json; charset=utf-8'],
    [422, 'application/problem+json'],
    [500, 'text/plain'],
    [503, undefined],
  ])('an answer of status %s and type %s has the ids that the caller chose', async (status, type) => {
    const detailOf = (ids: Ids) =>
      JSON.stringify({
        detail: [{ loc: ['body'], input: { threadId: ids.threadId, runId: ids.runId }, msg: `no ${ids.threadId}` }],
      })
    answer = (derived) => ({ status, ...(type !== undefined && { type }), parts: [detailOf(derived)] })
    for (const ids of CHOSEN) {
      const reply = await ask(ids)
      expect([reply.status, reply.headers.get('content-type'), await reply.text()]).toEqual([
        status,
        type ?? null,
        detailOf(ids),
      ])
    }
  })

  it.each(['application/vnd.ag-ui.event+proto', 'application/octet-stream', 'application/x-ndjson', 'image/png'])(
    'an answer of type %s is refused with 502, because the gateway cannot restore ids in that type',
    async (type) => {
      for (const status of [200, 500]) {
        answer = ({ threadId }) => ({ type, status, parts: [Buffer.from(`\0\x20${threadId}`)] })
        const reply = await ask(CHOSEN[0] as Ids)
        expect(await refused(reply)).toEqual({ status: 502, code: 'origin-reply-refused' })
      }
    },
  )

  it.each([
    [{ threadId: '' }],
    [{ threadId: 7 }],
    [{ threadId: ['t'] }],
    [{ threadId: {} }],
    [{ threadId: 't'.repeat(257) }],
    [{ threadId: '\ud800' }],
    [{ runId: true }],
    [{ parentRunId: { a: 1 } }],
    [{ thread_id: 't' }],
    [{ ThreadId: 't' }],
  ])('a request with the malformed id %j gets 400 and does not reach the agent', async (more) => {
    const before = world.origin.received.length
    const reply = await ask({ threadId: 't', runId: 'r', ...more } as Ids)
    expect(await refused(reply)).toEqual({ status: 400, code: 'body-invalid' })
    expect(world.origin.received.length).toBe(before)
  })
})

describe('ids of another person (X6)', () => {
  it('derived ids of another person in an answer are not replaced by the ids which that person chose', async () => {
    let bobs: Ids = { threadId: '', runId: '' }
    answer = (derived) => {
      bobs = derived
      return { type: 'application/json', parts: ['{}'] }
    }
    await (await ask({ threadId: 't', runId: 'r' }, '/agents/ag-ui', '', 'bob')).text()
    for (const type of [EVENTS, 'application/json']) {
      answer = () => ({ type, parts: [eventsWith(bobs)] })
      expect(await (await ask({ threadId: 't', runId: 'r' })).text()).toBe(eventsWith(bobs))
    }
  })

  it('a caller who sends another person’s derived id gets a separate thread', async () => {
    const seen: string[] = []
    answer = ({ threadId }) => {
      seen.push(threadId)
      return { type: 'application/json', parts: ['{}'] }
    }
    await (await ask({ threadId: 't', runId: 'r' }, '/agents/ag-ui', '', 'bob')).text()
    await (await ask({ threadId: seen[0] ?? '', runId: 'r' })).text()
    expect(new Set(seen).size).toBe(2)
  })
})
