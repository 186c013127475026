import { byId, element } from './dom.js'

const messages = byId('messages')
const AUDIT_TRIES = 20

/** Empties the conversation, and shows a button for the first action. */
export function clear({ text, action, onAction }) {
  const button = element('button', { type: 'button', class: 'primary', 'data-testid': 'first' }, action)
  button.addEventListener('click', onAction)
  messages.replaceChildren(element('div', { class: 'hint', 'data-testid': 'hint' }, element('p', {}, text), button))
}

export function addUser(text, person) {
  messages.querySelector('.hint')?.remove()
  add(
    element(
      'div',
      { class: 'bubble user', 'data-testid': 'user-message' },
      element('small', {}, person),
      element('span', {}, text),
    ),
  )
}

/**
 * Adds an agent's reply, whose text grows while the stream arrives. `data-state` says whether the
 * stream has ended.
 * @param isCode shows it unformatted
 */
export function addReply(isCode = false) {
  const attributes = {
    class: `bubble agent${isCode ? ' code' : ''}`,
    'data-testid': 'reply',
    'data-state': 'streaming',
  }
  const bubble = add(element('div', attributes))
  return {
    append(text) {
      bubble.append(text)
      scroll()
    },
    end(state) {
      bubble.dataset.state = state
      if (!bubble.textContent) bubble.remove()
    },
  }
}

export function addNote(text) {
  add(element('p', { class: 'note', 'data-testid': 'note' }, text))
}

/** Shows a refusal of the gateway, or any other error, in full. */
export async function addProblem(error) {
  const { status, problem, requestId } = error
  const box = add(
    element(
      'div',
      { class: 'problem', role: 'alert', 'data-testid': status ? 'refusal' : 'error', 'data-status': status },
      element('b', {}, status ? `${status} ${error.message}` : 'That did not work'),
      element('p', {}, status ? (problem.detail ?? '') : error.message),
      status && element('small', {}, `${problem.code ?? 'answered by the agent'} · request ${requestId ?? 'unknown'}`),
    ),
  )
  if (!problem?.code || !requestId) return
  const why = await auditOf(requestId)
  if (!why) return
  const lines = [...why.lines, ...(why.remedy ? [why.remedy] : [])]
  box.querySelector('small').before(...lines.map((line) => element('p', { 'data-testid': 'why' }, line)))
  scroll()
}

/** Waits for the audit line, which the gateway writes when the request has ended. */
async function auditOf(id) {
  for (let tries = 0; tries < AUDIT_TRIES; tries++) {
    const response = await fetch(`/audit/${id}`).catch(() => undefined)
    if (response?.ok) return response.json()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return undefined
}

function add(child) {
  messages.append(child)
  scroll()
  return child
}

function scroll() {
  messages.scrollTop = messages.scrollHeight
}
