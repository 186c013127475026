/** A reply that is a refusal: the gate's (or the agent's) problem document, as it came. */
export class Refused extends Error {
  constructor({ status, statusText }, problem, requestId) {
    super(problem.title ?? statusText)
    this.status = status
    this.problem = problem
    this.requestId = requestId
  }
}

/**
 * Sends one request through the gateway, and tells `onExchange` about it: what was sent, and how it was answered.
 * @throws Refused for any reply that is not 2xx
 */
export async function call({ gateway, token, onExchange }, { method, path, body, accept, signal }) {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body && { 'content-type': 'application/json' }),
    ...(accept && { accept }),
  }
  const exchange = { method, path, url: gateway + path, headers, body, token }
  onExchange(exchange)

  const response = await fetch(exchange.url, {
    method,
    headers,
    signal,
    body: body && JSON.stringify(body),
  }).catch((error) => {
    exchange.failed = true
    onExchange(exchange)
    if (signal?.aborted) throw error
    throw new Error(
      `The gateway at ${gateway} cannot be reached. Is "npm start" still running, and may ${location.origin} read its replies (APP_ORIGIN)?`,
    )
  })

  exchange.status = response.status
  exchange.requestId = response.headers.get('x-request-id') ?? undefined
  if (response.ok) {
    onExchange(exchange)
    return response
  }
  exchange.problem = asProblem(await response.text())
  onExchange(exchange)
  throw new Refused(response, exchange.problem, exchange.requestId ?? exchange.problem.requestId)
}

/** The gate answers with a problem document (RFC 9457); what an agent answers is the agent's own affair. */
function asProblem(text) {
  try {
    const { title, detail, error, code, requestId } = JSON.parse(text)
    return { title, detail: detail ?? error, code, requestId }
  } catch {
    return { detail: text.slice(0, 300) }
  }
}

/** Reads server-sent events as they come. */
export async function* events(response) {
  let rest = ''
  for await (const text of readable(response.body.pipeThrough(new TextDecoderStream()))) {
    const frames = (rest + text.replaceAll('\r\n', '\n')).split('\n\n')
    rest = frames.pop()
    for (const frame of frames) {
      const fields = frame.split('\n').map((line) => /^(event|data): ?(.*)$/.exec(line))
      const values = (name) => fields.filter((field) => field?.[1] === name).map((field) => field[2])
      const data = values('data').join('\n')
      if (data) yield { event: values('event').at(-1) ?? 'message', data: JSON.parse(data) }
    }
  }
}

/** Streams are async iterable in some browsers only. */
async function* readable(stream) {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}
