import { afterEach, describe, expect, it } from 'vitest'
import { Notices } from '../../../src/cli/dev/inspector/notices'
import type { Observed } from '../../../src/cli/dev/inspector/received'
import { type RecordingOrigin, startOrigin } from '../../support/origin'

/* Answers of agents that mean no good, seen by what looks for silent failures. */

let agent: RecordingOrigin | undefined
afterEach(async () => {
  await agent?.close()
  agent = undefined
})

const request = (route: string): Observed['request'] => ({
  id: 'r1',
  route,
  at: new Date(),
  target: '',
  method: 'POST',
  path: '/runs/stream',
  headers: [['x-user-id', 'alice']],
  body: '',
  hasArrived: true,
  assertion: undefined,
})
const route = (id: string, kind: string, host = '') => ({
  id,
  adapter: { kind },
  origin: { host, prefix: '' },
  isPublic: false,
})

describe('notices of sallyport dev about agents', () => {
  it('an unexpected answer of a LangGraph server causes no notice and no failure', async () => {
    agent = await startOrigin((_request, response) => void response.end('{}'))
    const told: string[] = []
    const notices = new Notices(
      () => new Map([['/', route('support', 'langgraph', agent?.url) as never]]),
      (text) => told.push(text),
    )
    notices.observe({ request: request('support'), status: 200, headers: { 'content-location': '/runs/abc' } })
    await expect.poll(() => agent?.received.length).toBe(1)
    expect(told).toEqual([])
  })

  it('a notice shows control characters from an agent as question marks', async () => {
    const told: string[] = []
    const notices = new Notices(
      () => new Map([['/', route('desk', 'ag2') as never]]),
      (text) => told.push(text),
    )
    const events = [
      { type: 'TOOL_CALL_START', toolCallId: '1', toolCallName: 'x\u001b[2J\u001b]0;OWNED\u0007\u202e' },
      { type: 'TOOL_CALL_ARGS', toolCallId: '1', delta: '{"ctx":"x"}' },
      { type: 'TOOL_CALL_END', toolCallId: '1' },
      null,
      { type: 'TOOL_CALL_END', toolCallId: { a: 1 } },
    ]
    for (const json of events) notices.observe({ request: request('desk'), status: 200, headers: {}, json })
    await expect.poll(() => told.length).toBe(1)
    expect(told[0]).toContain('the model filled the parameter "ctx" of the tool "x?[2J?]0;OWNED??"')
    expect(notices.of('desk')[0]).not.toMatch(/[^\P{Cc}\n]/u)
  })
})
