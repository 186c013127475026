/**
 * An error for an answer that is not 2xx. It has the unchanged problem document of the gateway or
 * the agent.
 */
export class Refused extends Error {
  constructor({ status, statusText }, problem, requestId) {
    super(problem.title ?? statusText)
    this.status = status
    this.problem = problem
    this.requestId = requestId
  }
}

/**
 * Sends one request through the gateway, and passes the request and the answer to `onExchange`.
 * @param connection.token absent for a request without a user
 * @throws Refused for any answer that is not 2xx
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
 * Returns the gateway's problem document (RFC 9457), which some routes put inside a JSON-RPC error.
 * Returns an agent's own error as well, whatever its form is.
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

/** Reads server-sent events as they arrive. */
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

/** Iterates over a stream, because streams are async iterable in some browsers only. */
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
