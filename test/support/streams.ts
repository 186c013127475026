import type { Issuer, Route } from '../../src/config/define'
import { routeOf } from './fixtures'

/** The protocols' streams, event by event, and the two gears of the guard that they go through. */
export interface Gear {
  readonly name: string
  readonly protocol: 'ag-ui' | 'langgraph'
  readonly isReading: boolean
  /** Where a run is started, below the gateway. */
  readonly path: string
  route(origin: string, trust: readonly Issuer[], limits?: Route['limits']): Route
}

const gear = (
  protocol: Gear['protocol'],
  isReading: boolean,
  endpoint: string,
  identity: Route['identity'],
  limits: Route['limits'],
  threads: Route['threads'] = 'shared',
): Gear => {
  const name = `${protocol}-${threads === 'own' ? 'own' : isReading ? 'reading' : 'native'}`
  return {
    name,
    protocol,
    isReading,
    path: `/agents/${name}${endpoint}`,
    route: (url, trust, more) =>
      routeOf({ kind: protocol, origin: { url } }, trust, {
        id: name,
        path: `/agents/${name}`,
        threads,
        ...(identity && { identity }),
        limits: { ...limits, ...more },
      }),
  }
}

/**
 * Routes whose streams pass unread, or are read: for identity that others could see, heartbeats,
 * ids to restore, or the last event of an AG-UI run. Threads are shared in all routes except one,
 * so that ids stay unchanged and the origin is not asked for owners.
 */
export const gears: readonly Gear[] = [
  gear('ag-ui', true, '', { state: { key: 'auth_user' } }, {}),
  gear('ag-ui', true, '', undefined, {}, 'own'),
  gear('langgraph', false, '/threads/t1/runs/stream', { assertion: 'off', headers: false }, {}),
  gear('langgraph', true, '/threads/t1/runs/stream', { langgraphAuthUser: true }, {}),
]

export const runBody = {
  'ag-ui': JSON.stringify({ threadId: 't1', runId: 'r1', messages: [], tools: [], context: [], state: {} }),
  langgraph: JSON.stringify({ assistant_id: 'agent', input: { messages: [] } }),
} as const

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`

/** A run of an AG-UI agent, with a keep-alive and text beyond ASCII. */
export const agUiRun: readonly string[] = [
  data({ type: 'RUN_STARTED', threadId: 't1', runId: 'r1' }),
  data({ type: 'STATE_SNAPSHOT', snapshot: { turns: 1 } }),
  data({ type: 'STEP_STARTED', stepName: 'answer' }),
  ': keep-alive\n\n',
  data({ type: 'TOOL_CALL_START', toolCallId: 'c1', toolCallName: 'look' }),
  data({ type: 'TOOL_CALL_ARGS', toolCallId: 'c1', delta: '{"a":1}' }),
  data({ type: 'TOOL_CALL_END', toolCallId: 'c1' }),
  data({ type: 'TEXT_MESSAGE_START', messageId: 'm1', role: 'assistant' }),
  ...['Grüße', ', ', '世界', ' ', '👩‍💻', '\u2028', 'a\r\nb'].map((delta) =>
    data({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'm1', delta }),
  ),
  data({ type: 'TEXT_MESSAGE_END', messageId: 'm1' }),
  data({ type: 'STATE_DELTA', delta: [{ op: 'replace', path: '/turns', value: 2 }] }),
  data({ type: 'STEP_FINISHED', stepName: 'answer' }),
  data({ type: 'CUSTOM', name: 'done', value: null }),
  data({ type: 'RUN_FINISHED', threadId: 't1', runId: 'r1' }),
]

const event = (id: number, name: string, value: unknown): string =>
  `event: ${name}\r\ndata: ${JSON.stringify(value)}\r\nid: ${id}\r\n\r\n`

/**
 * A run of a LangGraph server, which ends lines with CR LF, numbers its events and sends comments.
 */
export const langGraphRun: readonly string[] = [
  event(0, 'metadata', { run_id: 'r1', attempt: 1 }),
  ': heartbeat\r\n\r\n',
  ...['Grüße', 'Grüße, 世', 'Grüße, 世界', 'Grüße, 世界 👩‍💻'].map((content, index) =>
    event(index + 1, 'messages/partial', [{ id: 'm1', type: 'ai', content }]),
  ),
  event(5, 'updates', { answer: { messages: [] } }),
  ': heartbeat\r\n\r\n',
  ...Array.from({ length: 10 }, (_, index) => event(index + 6, 'values', { messages: [], step: index })),
  event(16, 'values', { messages: [{ content: 'a\r\nb\u2028' }] }),
  event(17, 'end', null),
]

export const runs = { 'ag-ui': agUiRun, langgraph: langGraphRun } as const

/** How each protocol says that its stream broke, as the last event of a stream. */
export const saysBroken = {
  'ag-ui': /(?<=^|\n\n)data: \{"type":"RUN_ERROR","message":"[^"]+","code":"origin-(?:cut|stalled|unended)"\}\n\n$/,
  langgraph: /(?<=^|\n\n|\r\n\r\n)event: error\ndata: \{"error":"origin-(?:cut|stalled)","message":"[^"]+"\}\n\n$/,
} as const

/**
 * The part of a reply that its agent sent: the gateway says so where a run's stream ends before the
 * run.
 */
export function agentsPart(bytes: Buffer): Buffer {
  const words = /(?:(?<=\n\n)\n\n)?data: \{"type":"RUN_ERROR","message":"[^"]+","code":"origin-unended"\}\n\n$/
  // As latin-1, where a character is a byte.
  return Buffer.from(bytes.toString('latin1').replace(words, ''), 'latin1')
}
