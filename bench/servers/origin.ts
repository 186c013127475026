/**
 * The agent behind every gateway that is measured. It sends small answers and streams. On request
 * it sends a report of the request that it received.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const ANSWER = JSON.stringify({
  documents: Array.from({ length: 9 }, (_, index) => ({ id: index, title: 'Delivery terms', text: 'x'.repeat(60) })),
})
const JSON_HEAD = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(ANSWER) }
const STREAM_HEAD = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }

const event = (value: object) => Buffer.from(`data: ${JSON.stringify(value)}\n\n`)
const STARTED = event({ type: 'RUN_STARTED', threadId: 't', runId: 'r' })
const CONTENT = event({ type: 'TEXT_MESSAGE_CONTENT', messageId: 'message-1', delta: 'some of the words of an answer' })
const FINISHED = event({ type: 'RUN_FINISHED', threadId: 't', runId: 'r' })

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  answer(request, response).catch(() => response.destroy())
})
server.listen(Number(process.env.BENCH_PORT), '127.0.0.1')

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = '', search = ''] = (request.url ?? '').split('?')
  const isQuestion = path.endsWith('/threads/search')
  const body = request.method === 'GET' ? '' : await read(request, isQuestion || search === 'check')
  if (search === 'check') return json(response, report(request, body))
  if (isQuestion) return json(response, JSON.parse(body).ids.map(owned))
  if (path.endsWith('/threads')) return json(response, { thread_id: 'new' })
  if (search === '') {
    response.writeHead(200, JSON_HEAD)
    response.end(ANSWER)
    return
  }
  const asked = new URLSearchParams(search)
  response.writeHead(200, STREAM_HEAD)
  response.write(STARTED)
  if (asked.has('idle')) return
  await stream(response, Number(asked.get('n')), Number(asked.get('gap')))
}

async function stream(response: ServerResponse, count: number, gapMs: number): Promise<void> {
  for (let sent = 0; sent < count; sent++) {
    if (response.destroyed) return
    if (gapMs > 0) await sleep(gapMs)
    if (!response.write(CONTENT)) await once(response, 'drain')
  }
  response.end(FINISHED)
}

/** Reads a body to its end. The text is kept only if it is needed later. */
async function read(request: IncomingMessage, isKept: boolean): Promise<string> {
  let text = ''
  for await (const chunk of request) if (isKept) text += chunk
  return text
}

/** Returns a thread that belongs to the caller, as every thread here does. */
const owned = (thread: string) => ({ thread_id: thread, metadata: { sallyport_owner: process.env.BENCH_OWNER } })

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(value))
}

/**
 * Returns a token without its signature, so that its claims can be reported. The gateway would
 * remove a whole assertion from answers.
 */
const unsigned = (token: string): string => token.replace(/^Bearer /, '').replace(/\.[^.]*$/, '')

const report = ({ headers, method, url }: IncomingMessage, body: string) => ({
  method,
  url,
  user: headers['x-user-id'] ?? null,
  authorization: headers.authorization ?? null,
  unsigned: unsigned(String(headers['x-sallyport-assertion'] ?? headers.authorization ?? '')),
  bodyBytes: Buffer.byteLength(body),
})
