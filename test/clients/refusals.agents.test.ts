import { spawn } from 'node:child_process'
import path from 'node:path'
import { json, text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { refusals } from '../../src/errors/refusals'
import { root } from '../support/build'
import { pythonOf } from '../support/python'
import type { WireOrigin } from '../support/wire'
import { endingRoutes, startEndingAgent } from './ending-agent'
import { CODES, type Code, isPlain, openRefusingWorld, type RefusingWorld } from './refusing-world'

let world: RefusingWorld
let agent: WireOrigin

beforeAll(async () => {
  agent = await startEndingAgent()
  world = await openRefusingWorld(['langgraph', 'mcp'], ({ trust }) => endingRoutes(agent, trust))
}, 300_000)
afterAll(async () => {
  await world?.close()
  await agent?.close()
})
beforeEach(() => world.arrived())

/**
 * Runs a client.
 *
 * @param cases what it reads: in each, a name comes first
 * @returns what it says of each
 */
async function told<Answer = Record<string, unknown> | null>(
  example: string,
  [script, ...args]: readonly [string, ...string[]],
  cases: readonly (readonly unknown[])[],
) {
  const client = spawn(await pythonOf(example), ['-B', path.join(root, 'test/clients', script), ...args])
  client.stdin.end(JSON.stringify(cases))
  const [answers, errors] = await Promise.all([json(client.stdout).catch(() => undefined), text(client.stderr)])
  if (answers === undefined) throw new Error(errors)
  return answers as [string, Answer][]
}

const NAMES: Record<number, string> = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  413: 'APIStatusError',
  414: 'APIStatusError',
}
/** A body of this size is refused only where there is one. */
const withBodies = ({ length }: { length: number }, code: Code) => (code === 'body-too-large' ? 2 : length)

describe('the LangGraph SDK for Python', () => {
  it('the LangGraph SDK for Python raises an error with status, code, body and headers after one request', async () => {
    const cases = CODES.map((code) => [code, world.at('langgraph', code), world.headersOf(code)])
    const answers = await told('examples/langgraph-python', ['refused_langgraph.py'], cases)
    for (const code of CODES) {
      const { status, detail, ...more } = refusals[code]
      const retryAfter = 'retryAfter' in more ? more.retryAfter : undefined
      const own = answers.filter(([name]) => name === code).map(([, answer]) => answer)
      for (const answer of own.slice(-withBodies(own, code)))
        expect(answer).toMatchObject({
          error: NAMES[status] ?? 'InternalServerError',
          status,
          code,
          message: detail,
          body: { code, requestId: answer?.request_id },
          retry_after: retryAfter === undefined ? null : `${retryAfter}`,
        })
    }
    expect(await world.arrived()).toHaveLength(CODES.length * 3)
  }, 120_000)

  it('a cut stream ends in the LangGraph SDK for Python with an error event, not an exception (F8)', async () => {
    const cases = [['cut', `${world.gateway.url}/langgraph/cut`, world.bob]]
    const script = ['refused_langgraph.py', 'streams'] as const
    const [[, parts] = []] = await told<[string, unknown][]>('examples/langgraph-python', script, cases)
    expect(parts?.at(-1)).toEqual(['error', { error: 'origin-cut', message: expect.any(String) }])
  }, 120_000)
})

describe('the MCP SDK for Python', () => {
  it.each([
    ['legacy', 1],
    ['auto', 2],
  ] as const)(
    'the MCP SDK for Python raises MCPError, with the refusal code only if the reply is JSON-RPC: %s',
    async (mode, requests) => {
      const cases = CODES.map((code) => [code, world.at('mcp', code), world.headersOf(code), mode])
      const answers = Object.fromEntries(await told('examples/mcp-python', ['refused_mcp.py'], cases))
      for (const code of CODES) {
        const { status, detail } = refusals[code]
        const unread = status === 404 ? [-32601, 'Not Found'] : [-32603, 'Server returned an error response']
        const isRpc = !isPlain(code)
        const [number, message] = isRpc ? [-32090, detail] : unread
        const data = isRpc ? { code } : null
        expect(answers[code]).toMatchObject({ at: 'connect', error: 'MCPError', code: number, message })
        if (data) expect(answers[code]?.data).toMatchObject(data)
        else expect(answers[code]?.data).toBeNull()
      }
      expect(await world.arrived()).toEqual(CODES.flatMap((code) => Array(requests).fill(code)))
    },
    120_000,
  )

  it('the MCP SDK for Python raises MCPError if a stream breaks or the server has lost the session (F8)', async () => {
    const cases = ['cut', 'unended', 'lost'].map((how) => [how, `${world.gateway.url}/mcp/${how}`, world.bob, 'legacy'])
    const ended = { at: 'call', code: -32000, message: 'SSE stream ended without a response' }
    expect(Object.fromEntries(await told('examples/mcp-python', ['refused_mcp.py'], cases))).toMatchObject({
      cut: ended,
      unended: ended,
      lost: { at: 'call', code: -32600, message: 'Session terminated' },
    })
  }, 120_000)
})
