import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { EventReader } from './event-reader.ts'
import { type Asked, StreamCheck } from './stream-check.ts'
import { traceHeader } from './trace-number.ts'

/** How a client leaves: by a reset, or by a normal close. */
export type Leave = { readonly by: 'reset' | 'close'; readonly afterEvents: number }

export interface StreamCall {
  readonly asked: Asked
  readonly trace: number
  readonly port: number
  readonly token: string
  /** Milliseconds between two events of the agent. */
  readonly gapMs: number
  readonly leave: Leave | undefined
}

/** A stream as its caller saw it. Times are those of `performance.now()`. */
export interface StreamSeen {
  readonly asked: Asked
  readonly trace: number
  readonly sentAt: number
  readonly endedAt: number
  /** The HTTP status; The HTTP status; 0 if no answer came. */
  readonly status: number
  /** `whole`: ended as HTTP requires. `broken`: the connection broke. `left`: this caller left. */
  readonly end: 'whole' | 'broken' | 'left'
  readonly leave: Leave | undefined
  readonly check: Pick<StreamCheck, 'faults' | 'events' | 'told' | 'isWhole'>
  /** The code of the refusal, if the request was refused. */
  readonly code: string | undefined
  /** Whether the bytes ended in the middle of an event. */
  readonly isInside: boolean
}

const toolCall = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'tell', arguments: {} },
})

function bodyOf({ kind, thread }: Asked): string {
  if (kind === 'mcp') return toolCall
  return JSON.stringify({
    threadId: thread,
    runId: 'run',
    state: {},
    messages: [{ id: 'm-1', role: 'user', content: 'Where is my parcel?' }],
    tools: [],
    context: [],
    forwardedProps: {},
  })
}

/** Opens a stream, checks its events as they arrive, and resolves when it has ended. */
export function callStream(call: StreamCall): Promise<StreamSeen> {
  const { asked, trace, port, token, gapMs, leave } = call
  const check = new StreamCheck(asked)
  const reader = new EventReader((data) => check.push(data))
  const body = bodyOf(asked)
  const sentAt = performance.now()
  return new Promise((resolve) => {
    let hasLeft = false
    let message: IncomingMessage | undefined
    let refusal = ''
    const settle = (): void => {
      const end = hasLeft ? 'left' : message?.complete ? 'whole' : 'broken'
      const status = message?.statusCode ?? 0
      const code = status === 200 ? undefined : codeOf(refusal)
      const { isInside } = reader
      resolve({ asked, trace, sentAt, endedAt: performance.now(), status, end, leave, check, code, isInside })
    }
    const query = `stream=${asked.stream}&events=${asked.events}&gap=${gapMs}`
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: `/agents/${asked.kind}?${query}`,
      agent: false,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        traceparent: traceHeader(trace),
      },
    })
    const depart = (by: Leave['by']): void => {
      hasLeft = true
      leaveBy(outgoing, by)
    }
    outgoing.on('error', () => undefined)
    outgoing.on('close', settle)
    outgoing.on('response', (response) => {
      message = response
      response.setEncoding('utf8')
      response.on('error', () => undefined)
      response.on('data', (text: string) => {
        if (hasLeft) return
        if (response.statusCode !== 200) refusal += text
        else reader.push(text)
        if (leave && check.events >= leave.afterEvents) depart(leave.by)
      })
    })
    outgoing.end(body)
    if (leave?.afterEvents === 0) outgoing.on('finish', () => depart(leave.by))
  })
}

function leaveBy({ socket }: ClientRequest, by: Leave['by']): void {
  if (by === 'reset') socket?.resetAndDestroy()
  else {
    socket?.end()
    socket?.destroy()
  }
}

function codeOf(refusal: string): string | undefined {
  try {
    const { code, error } = JSON.parse(refusal)
    return code ?? error?.data?.code
  } catch {
    return undefined
  }
}
