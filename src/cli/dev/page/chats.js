import { call, events } from './gateway.js'

/**
 * A false identity that the page can send, to show that the gateway removes it before the agent
 * could trust it.
 */
export const forged = { user_id: 'ceo', role: 'admin', roles: ['admin'] }

/**
 * Talks to a LangGraph server as its SDK does: creates a thread for each conversation, and starts
 * runs in it.
 */
export class LangGraph {
  canDelete = true
  threadId

  async *send(connection, text, { forge, signal }) {
    const post = (path, body, accept) => call(connection, { method: 'POST', path, body, accept, signal })
    this.threadId ??= (await (await post('/threads', {})).json()).thread_id
    this.assistant ??= await assistantOf(connection, signal)
    const body = {
      assistant_id: this.assistant,
      input: { messages: [{ role: 'user', content: text }] },
      stream_mode: ['messages-tuple', 'values'],
      // If the page closes the stream, the run is cancelled. A new run interrupts a run that has
      // not ended yet.
      on_disconnect: 'cancel',
      multitask_strategy: 'interrupt',
      ...(forge && { config: { configurable: { 'x-user-id': forged.user_id, langgraph_auth_user: forged } } }),
    }
    const response = await post(`/threads/${this.threadId}/runs/stream`, body, 'text/event-stream')
    let isSaid = false
    let values
    for await (const { event, data } of events(response)) {
      if (event === 'error') throw new Error(data.message ?? data.error)
      if (event === 'values') values = data
      const [chunk] = event === 'messages' ? data : []
      if (!chunk?.type.startsWith('ai') || !chunk.content) continue
      isSaid = true
      yield textOf(chunk.content)
    }
    // A graph that calls no model streams no text, so its final state is shown.
    if (!isSaid && values) yield textOf(values.messages?.at(-1)?.content ?? JSON.stringify(values, null, 2))
  }

  async deleteThread(connection) {
    await call(connection, { method: 'DELETE', path: `/threads/${this.threadId}` })
    this.threadId = undefined
  }
}

/** Returns the first graph of the server, if the route's policies allow the search for graphs. */
async function assistantOf(connection, signal) {
  const request = { method: 'POST', path: '/assistants/search', body: { limit: 1 }, signal }
  try {
    const [first] = await (await call({ ...connection, onExchange() {} }, request)).json()
    return first?.graph_id ?? 'agent'
  } catch {
    return 'agent'
  }
}

const textOf = (content) =>
  typeof content === 'string'
    ? content
    : [content]
        .flat()
        .map((part) => part.text ?? '')
        .join('')

/**
 * Talks to an AG-UI agent as its client does: the page keeps messages and state, and sends them
 * with each run.
 */
export class AgUi {
  canDelete = false
  threadId = crypto.randomUUID()
  messages = []
  state = {}

  async *send(connection, text, { forge, signal }) {
    this.messages.push({ id: crypto.randomUUID(), role: 'user', content: text })
    const body = {
      threadId: this.threadId,
      runId: crypto.randomUUID(),
      messages: this.messages,
      tools: [],
      context: [],
      state: forge ? { ...this.state, auth_user: forged } : this.state,
      // Some front ends put the token here, and some agents log it. The page does the same to show
      // that the gateway removes it.
      forwardedProps: forge && connection.token ? { authorization: `Bearer ${connection.token}` } : {},
    }
    const request = { method: 'POST', path: '', body, accept: 'text/event-stream', signal }
    const answer = { id: crypto.randomUUID(), role: 'assistant', content: '' }
    for await (const { data } of events(await call(connection, request))) {
      if (data.type === 'RUN_ERROR') throw new Error(data.message)
      if (data.type === 'STATE_SNAPSHOT') this.state = data.snapshot
      if (!/^TEXT_MESSAGE_(?:CONTENT|CHUNK)$/.test(data.type) || !data.delta) continue
      answer.content += data.delta
      yield data.delta
    }
    if (answer.content) this.messages.push(answer)
  }
}

/**
 * Talks to an agent without a conversation: sends one request, and shows its answer as it arrives.
 */
export class Form {
  canDelete = false
  isForm = true

  async *send(connection, { method, path, body }, { forge, signal }) {
    const given = body.trim() === '' ? undefined : parsed(body)
    const isOpen = forge && typeof given === 'object' && given !== null && !Array.isArray(given)
    const response = await call(connection, {
      method,
      path,
      body: isOpen ? { ...given, user_id: forged.user_id } : given,
      accept: 'application/json, text/event-stream',
      signal,
      headers: forge ? { 'x-user-id': forged.user_id } : {},
    })
    const text = await response.text()
    yield text === '' ? `(${response.status}, no body)` : pretty(text)
  }
}

function parsed(body) {
  try {
    return JSON.parse(body)
  } catch {
    throw new Error('The body is not JSON. Correct it, or leave it empty.')
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
