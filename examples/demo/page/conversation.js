import { byId, element } from './dom.js'

const messages = byId('messages')

export function clear(hint) {
  messages.replaceChildren(element('p', { class: 'hint', 'data-testid': 'hint' }, hint))
}

export function addUser(text) {
  messages.querySelector('.hint')?.remove()
  add(element('div', { class: 'bubble user', 'data-testid': 'user-message' }, text))
}

/** A reply that grows as it streams; `data-state` says whether it still does. */
export function addReply() {
  const bubble = add(element('div', { class: 'bubble agent', 'data-testid': 'reply', 'data-state': 'streaming' }))
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

/** A refusal of the gate, or whatever else went wrong, said in full. */
export function addProblem(error, onSignIn) {
  const { status, problem, requestId } = error
  const signIn =
    status === 401 && element('button', { class: 'primary', 'data-testid': 'sign-in-again' }, 'Sign in again')
  if (signIn) signIn.addEventListener('click', onSignIn)
  add(
    element(
      'div',
      { class: 'problem', role: 'alert', 'data-testid': status ? 'refusal' : 'error', 'data-status': status },
      element('b', {}, status ? `${status} ${error.message}` : 'That did not work'),
      element('p', {}, status ? (problem.detail ?? '') : error.message),
      status && element('small', {}, `${problem.code ?? 'answered by the agent'} · request ${requestId ?? 'unknown'}`),
      signIn,
    ),
  )
}

function add(child) {
  messages.append(child)
  scroll()
  return child
}

function scroll() {
  messages.scrollTop = messages.scrollHeight
}
