/** One request of a case, before it has a token. */
export interface Exchange {
  readonly method: 'GET' | 'POST'
  /** The path. `{thread}` in it becomes a different thread in each request. */
  readonly path: string
  /** Tells the origin which answer to give. Absent: a small JSON answer. */
  readonly query?: string
  readonly body?: string | undefined
}

/** Returns the path of the request that has this number. */
export const pathAt = ({ path }: Exchange, index: number): string =>
  path.replace('{thread}', () => `${index.toString(16).padStart(8, '0')}-2f2c-4b5e-9a55-6f0a4f0c9d11`)

/**
 * Returns the bytes of a request.
 * @param more additional header lines
 */
export function requestBytes(
  port: number,
  exchange: Exchange,
  token: string | undefined,
  index = 0,
  more: readonly string[] = [],
): Buffer {
  const { method, query = '', body } = exchange
  const head = [
    `${method} ${pathAt(exchange, index)}${query} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'accept: application/json, text/event-stream',
    ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
    ...(body === undefined ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`]),
    ...more,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body ?? ''}`)
}

export const THREAD = '7a1de4b8-2f2c-4b5e-9a55-6f0a4f0c9d11'

/** Returns a `RunAgentInput` of about this many bytes, like a long conversation. */
export function runInput(bytes: number): string {
  const base = {
    threadId: THREAD,
    runId: '0d0c8a3e-5c0f-4a53-8f5c-0b6f7b1f6a02',
    state: { step: 1 },
    messages: [] as object[],
    tools: [],
    context: [],
    forwardedProps: {},
  }
  const content = 'What did the customer say about the delivery, and what did we answer? '.repeat(6)
  for (let size = 200, index = 0; size < bytes; size += content.length + 60, index++) {
    base.messages.push({ id: `m-${index}`, role: index % 2 === 0 ? 'user' : 'assistant', content })
  }
  return JSON.stringify(base)
}

export const toolCall = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'search', arguments: { query: 'What did the customer say about the delivery?'.repeat(8) } },
})

export const langgraphRun = JSON.stringify({
  assistant_id: 'agent',
  input: { messages: [{ role: 'user', content: 'What did the customer say about the delivery?' }] },
  stream_mode: ['messages'],
  if_not_exists: 'create',
})
