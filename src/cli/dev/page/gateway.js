/** A reply that is a refusal: the gateway's (or the agent's) problem document, as it came. */
export class Refused extends Error {
  constructor({ status, statusText }, problem, requestId) {
    super(problem.title ?? statusText)
    this.status = status
    this.problem = problem
    this.requestId = requestId
  }
}

/**
 * Sends one request through the gateway, and tells `onExchange` about it: what was sent, and how it
 * was answered.
 * @param connection.token absent for a request of nobody
 * @throws Refused for any reply that is not 2xx
 */
export async function call({ gateway, route, token, as, onExchange }, request) {
  const { method, path, body, accept, signal, headers: more } = request
  const headers = {
    ...(token && (route.tokenHeader ? { [route.tokenHeader]: token } : { authorization: `Bearer ${token}` })),
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(accept && { accept }),
    ...more,
  }
  const url = gateway + route.path + path
  const exchange = { method, path, url, headers, body, token, as }
  onExchange(exchange)

  const response = await fetch(url, {
    method,
    headers,
    signal,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((error) => {
    exchange.hasFailed = true
    onExchange(exchange)
    if (signal?.aborted) throw error
    throw new Error('No answer came, or the browser may not read it. The terminal of npm start says more.')
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

/**
 * The gateway answers with a problem document (RFC 9457), on some routes inside a JSON-RPC error;
 * an agent's answer is its own affair.
 */
function asProblem(text) {
  try {
    const whole = JSON.parse(text)
    const { title, detail, error, code, requestId, message } = whole.error?.data ?? whole
    return { title, detail: detail ?? message ?? (typeof error === 'string' ? error : undefined), code, requestId }
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
