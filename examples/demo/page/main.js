import { AgUi, LangGraph } from './agents.js'
import { addNote, addProblem, addReply, addUser, clear } from './conversation.js'
import { byId } from './dom.js'
import { completeSignIn, signIn } from './sign-in.js'
import { forget, record } from './wire.js'

const hints = {
  signedOut:
    'Sign in to talk to an agent that has no login of its own. Alice is an admin; Bob is a member, who may talk but not delete.',
  signedIn: 'Ask who you are. The agent answers with what it was told; on the right is how it was told.',
}
const kinds = { langgraph: LangGraph, 'ag-ui': AgUi }
const config = await (await fetch('/config.json')).json()
let session
let agent
let running

function connection() {
  return { gateway: config.gateway, token: session.token, onExchange: record }
}

function startThread() {
  const choice = document.querySelector('input[name=agent]:checked').value
  agent = new kinds[choice]()
  clear(session ? hints.signedIn : hints.signedOut)
  forget()
  update()
}

function update() {
  byId('signed-out').hidden = Boolean(session)
  byId('signed-in').hidden = !session
  byId('composer').inert = !session
  byId('send').hidden = Boolean(running)
  byId('stop').hidden = !running
  byId('delete-thread').hidden = !agent.canDelete
  byId('delete-thread').disabled = Boolean(running) || !agent.threadId
  if (!session) return
  const { name, sub, roles, tenant } = session.person
  byId('person-name').textContent = name
  byId('person-detail').textContent = `${sub} · ${roles.join(', ')} · ${tenant}`
}

async function send(text) {
  if (!text || running || !session) return
  byId('message').value = ''
  addUser(text)
  const reply = addReply()
  running = new AbortController()
  update()
  try {
    const options = { forge: byId('forge').checked, signal: running.signal }
    for await (const delta of agent.send(connection(), text, options)) reply.append(delta)
    reply.end('complete')
  } catch (error) {
    const stopped = running.signal.aborted
    reply.end(stopped ? 'stopped' : 'failed')
    if (stopped) addNote('Stopped. The agent was told.')
    else addProblem(error, startSignIn)
  }
  running = undefined
  update()
  byId('message').focus()
}

async function deleteThread() {
  try {
    await agent.deleteThread(connection())
    addNote('The thread is deleted. Your next message starts a new one.')
  } catch (error) {
    addProblem(error, startSignIn)
  }
  update()
}

function startSignIn() {
  signIn(config).catch((error) => addProblem(error))
}

byId('sign-in').addEventListener('click', startSignIn)
byId('switch-person').addEventListener('click', startSignIn)
byId('sign-out').addEventListener('click', () => {
  running?.abort()
  session = undefined
  startThread()
})
byId('new-thread').addEventListener('click', startThread)
byId('delete-thread').addEventListener('click', deleteThread)
byId('stop').addEventListener('click', () => running?.abort())
byId('composer').addEventListener('submit', (event) => {
  event.preventDefault()
  send(byId('message').value.trim())
})
byId('message').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  send(byId('message').value.trim())
})
byId('suggestions').addEventListener('click', ({ target }) => {
  if (target instanceof HTMLButtonElement) send(target.textContent)
})
for (const radio of document.querySelectorAll('input[name=agent]')) {
  radio.addEventListener('change', () => {
    running?.abort()
    startThread()
  })
}

try {
  session = await completeSignIn(config)
  startThread()
} catch (error) {
  startThread()
  addProblem(error, startSignIn)
}
document.body.dataset.ready = 'true'
