import { call, events } from './gateway.js'

/** What somebody may claim who is not who they say: the gate takes it out, or the agent would believe it. */
const forged = { user_id: 'ceo', role: 'admin', roles: ['admin'] }

/** A LangGraph server, as its SDK talks to it: a thread for each conversation, then runs on it. */
export class LangGraph {
  canDelete = true
  threadId

  async *send(connection, text, { forge, signal }) {
    const post = (path, body, accept) =>
      call(connection, { method: 'POST', path: `/agents/langgraph${path}`, body, accept, signal })

    this.threadId ??= (await (await post('/threads', {})).json()).thread_id
    const body = {
      assistant_id: 'agent',
      input: { messages: [{ role: 'user', content: text }] },
      stream_mode: ['messages-tuple'],
      // Leaving the stream ends the run, and a run that is still ending makes way.
      on_disconnect: 'cancel',
      multitask_strategy: 'interrupt',
      ...(forge && { config: { configurable: { 'x-user-id': forged.user_id, langgraph_auth_user: forged } } }),
    }
    const response = await post(`/threads/${this.threadId}/runs/stream`, body, 'text/event-stream')
    for await (const { event, data } of events(response)) {
      if (event === 'error') throw new Error(data.message ?? data.error)
      if (event === 'messages' && data[0].type.startsWith('ai')) yield data[0].content
    }
  }

  async deleteThread(connection) {
    await call(connection, { method: 'DELETE', path: `/agents/langgraph/threads/${this.threadId}` })
    this.threadId = undefined
  }
}

/** Any AG-UI agent, as its client talks to it: the page holds messages and state, and sends them along with each run. */
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
      // Frontends put their token here, and some agents log it.
      forwardedProps: forge ? { authorization: `Bearer ${connection.token}` } : {},
    }
    const request = { method: 'POST', path: '/agents/ag-ui', body, accept: 'text/event-stream', signal }
    const answer = { id: crypto.randomUUID(), role: 'assistant', content: '' }
    for await (const { data } of events(await call(connection, request))) {
      if (data.type === 'RUN_ERROR') throw new Error(data.message)
      if (data.type === 'STATE_SNAPSHOT') this.state = data.snapshot
      if (data.type !== 'TEXT_MESSAGE_CONTENT') continue
      answer.content += data.delta
      yield data.delta
    }
    this.messages.push(answer)
  }
}
