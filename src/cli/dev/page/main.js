import { AgUi, Form, LangGraph } from './chats.js'
import { addNote, addProblem, addReply, addUser, clear } from './conversation.js'
import { byId } from './dom.js'
import { become, canExpire, otherPerson, personNow, setUpPeople, tokenNow } from './people.js'
import { showRoute, showTabs } from './routes.js'
import { forget, record } from './wire.js'

const QUESTION = 'Who am I?'
const REFRESH_MS = 3000
const chats = { langgraph: LangGraph, 'ag-ui': AgUi }
let state = await loadState()
let route = state.routes.find(({ id }) => id === location.hash.slice(1)) ?? firstUsable(state.routes)
let chat
let running

async function loadState() {
  return (await fetch('/state')).json()
}

/**
 * Returns the route to show first. Prefers a route that local people may use and whose agent is
 * running.
 */
function firstUsable(routes) {
  return routes.find(({ isForLocalPeople, listens }) => isForLocalPeople && listens !== false) ?? routes[0]
}

function chooseRoute(chosen) {
  running?.abort()
  route = chosen
  location.hash = route.id
  startThread()
}

function startThread() {
  const isChat = typeof route.talk === 'string'
  chat = isChat ? new chats[route.talk]() : new Form()
  forget()
  byId('chat').hidden = !isChat
  byId('request').hidden = isChat
  if (!isChat) fillForm(route.talk)
  clear(greeting(isChat))
  update()
}

function fillForm({ method, path, body }) {
  byId('method').replaceChildren(
    ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'].map((name) => new Option(name, name, false, name === method)),
  )
  byId('path').value = path
  byId('body').value = body === undefined ? '' : JSON.stringify(body, null, 2)
}

function greeting(isChat) {
  return {
    text: 'Send a request as one of your local people. On the right you see what you sent, and what your agent received instead.',
    action: isChat ? `Ask “${QUESTION}” as ${personNow()}` : `Send this request as ${personNow()}`,
    onAction: () => send(isChat ? QUESTION : formNow()),
  }
}

const formNow = () => ({ method: byId('method').value, path: byId('path').value, body: byId('body').value })

function update() {
  showTabs(state.routes, route, chooseRoute)
  showRoute(route, state.gateway)
  const isBusy = Boolean(running)
  byId('send').hidden = isBusy
  byId('stop').hidden = !isBusy
  byId('new-thread').hidden = Boolean(chat.isForm)
  byId('delete-thread').hidden = !chat.canDelete
  byId('delete-thread').disabled = isBusy || !chat.threadId
  byId('expired').disabled = isBusy || !canExpire()
  byId('expired').title = canExpire() ? '' : 'Only for local people: a pasted token is sent as it is.'
  byId('without').disabled = isBusy
  const other = otherPerson()
  byId('as-other').hidden = Boolean(chat.isForm) || other === undefined
  byId('as-other').disabled = isBusy || !chat.threadId
  byId('as-other').textContent = `Continue this thread as ${other}`
}

async function connection(token) {
  return { gateway: state.gateway, route, token, as: personNow(), onExchange: record }
}

/**
 * Sends a message or a request to the agent.
 * @param what a text for a chat, or a request for a form
 * @param options.token a token other than the person's, or null for none
 */
async function send(what, { token } = {}) {
  if (running) return
  const text = chat.isForm ? `${what.method} ${route.path}${what.path}` : what
  if (!text) return
  byId('message').value = ''
  addUser(text, personNow())
  const reply = addReply(chat.isForm)
  running = new AbortController()
  const { signal } = running
  update()
  try {
    const given = token === undefined ? await tokenNow() : (token ?? undefined)
    const options = { forge: byId('forge').checked, signal }
    for await (const delta of chat.send(await connection(given), what, options)) reply.append(delta)
    reply.end('complete')
  } catch (error) {
    reply.end(signal.aborted ? 'stopped' : 'failed')
    if (signal.aborted) addNote('Stopped. The agent was told.')
    else await addProblem(error)
  }
  running = undefined
  update()
}

async function deleteThread() {
  try {
    await chat.deleteThread(await connection(await tokenNow()))
    addNote('The thread is deleted. Your next message starts a new one.')
  } catch (error) {
    await addProblem(error)
  }
  update()
}

const written = () => (chat.isForm ? formNow() : byId('message').value.trim() || QUESTION)

byId('new-thread').addEventListener('click', startThread)
byId('delete-thread').addEventListener('click', deleteThread)
byId('stop').addEventListener('click', () => running?.abort())
byId('expired').addEventListener('click', async () => {
  const token = await tokenNow({ isExpired: true }).catch(addProblem)
  if (token) await send(written(), { token })
})
byId('without').addEventListener('click', () => send(written(), { token: null }))
byId('as-other').addEventListener('click', () => {
  const before = personNow()
  become(otherPerson())
  // An AG-UI client sends all earlier messages with each run, but the new person has no messages
  // yet.
  if (chat.messages) chat.messages = []
  addNote(`You are ${personNow()} now, in the thread that ${before} used.`)
  send(QUESTION)
})
byId('composer').addEventListener('submit', (event) => {
  event.preventDefault()
  send(chat.isForm ? formNow() : byId('message').value.trim())
})
byId('message').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  send(byId('message').value.trim())
})

const onPerson = (name) => {
  if (byId('messages').querySelector('.bubble')) addNote(`You are ${name} now. The thread is the same.`)
  else clear(greeting(typeof route.talk === 'string'))
  update()
}
setUpPeople(state.people, onPerson)
startThread()

/**
 * At intervals, loads changed routes and people, agents that have started, and new notices about
 * agents.
 */
setInterval(async () => {
  const next = await loadState().catch(() => undefined)
  if (!next || JSON.stringify(next) === JSON.stringify(state)) return
  const havePeopleChanged = JSON.stringify(next.people) !== JSON.stringify(state.people)
  state = next
  if (havePeopleChanged) setUpPeople(state.people, onPerson)
  const same = state.routes.find(({ id }) => id === route.id)
  if (same) route = same
  else if (!running) chooseRoute(firstUsable(state.routes))
  update()
}, REFRESH_MS)
document.body.dataset.ready = 'true'
