import { byId, element } from './dom.js'

const STORED = 'sallyport-person'
const PASTED = 'a pasted token'
const NOBODY = 'nobody'

/**
 * The people from whom the user of the page can choose. `chosen` is one of them, a pasted token, or
 * no user.
 */
let people = []
let pasted = ''
const chosen = () => byId('person').value

/**
 * Fills the list of people on the page, and keeps the current choice.
 * @param onChange is called when another person is chosen
 */
export function setUpPeople(all, onChange) {
  people = all
  const before = chosen() || sessionStorage.getItem(STORED) || all[0].sub
  byId('person').replaceChildren(
    ...all.map(({ sub, roles, tenant }) =>
      element('option', { value: sub }, [sub, roles.join(', '), tenant].filter(Boolean).join(' · ')),
    ),
    element('option', { value: PASTED }, `${PASTED} …`),
    element('option', { value: NOBODY }, `${NOBODY} (no token)`),
  )
  choose(before === PASTED && !pasted ? all[0].sub : before)
  byId('person').onchange = () => {
    if (chosen() === PASTED) byId('paste').showModal()
    else changed(onChange)
  }
  byId('paste').onclose = () => {
    const text = byId('pasted')
      .value.trim()
      .replace(/^bearer\s+/i, '')
    if (byId('paste').returnValue === 'use' && text) pasted = text
    else choose(all[0].sub)
    byId('pasted').value = ''
    changed(onChange)
  }
}

function choose(name) {
  byId('person').value = name
  if (!byId('person').value) byId('person').value = people[0].sub
}

function changed(onChange) {
  sessionStorage.setItem(STORED, chosen())
  onChange(personNow())
}

/** Returns the name of the chosen person; for a pasted token, its `sub`. */
export const personNow = () => (chosen() === PASTED ? subjectOf(pasted) : chosen())

function subjectOf(token) {
  try {
    const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/')
    return JSON.parse(atob(payload)).sub ?? 'the owner of the token'
  } catch {
    return 'the owner of the token'
  }
}

/**
 * Returns a local person (a test user) other than the chosen one, or undefined if there is none.
 */
export const otherPerson = () => people.find(({ sub }) => sub !== chosen())?.sub

/** Chooses another person, as if the user had clicked the list. */
export function become(sub) {
  choose(sub)
  sessionStorage.setItem(STORED, sub)
}

/** Returns a new token of the chosen person, or undefined for no user. */
export async function tokenNow({ isExpired = false } = {}) {
  if (chosen() === NOBODY) return undefined
  if (chosen() === PASTED) return pasted
  const response = await fetch('/token', {
    method: 'POST',
    body: JSON.stringify({ person: chosen(), isExpired }),
  }).catch(() => undefined)
  if (!response?.ok) throw new Error('The local identity provider gave no token. Is npm start still running?')
  return (await response.json()).token
}

/**
 * Tells whether the page can get an expired token. Only local people (test users on this machine)
 * have such tokens.
 */
export const canExpire = () => chosen() !== PASTED && chosen() !== NOBODY
