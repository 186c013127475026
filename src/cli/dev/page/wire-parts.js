import { element } from './dom.js'

export function section(title, ...content) {
  return element('section', {}, element('h3', {}, title), ...content)
}

/**
 * Shows headers in a table. `mark(name)` returns a remark about a header, and headers with a remark
 * come first.
 */
export function headerList(headers, { shorten: token, mark, testId }) {
  const remarked = headers.map(([name, value]) => ({ name, value, remark: mark(name, value) || undefined }))
  remarked.sort((one, other) => Number(!one.remark) - Number(!other.remark))
  const rows = remarked.map(({ name, value, remark }) =>
    element(
      'tr',
      { class: remark && 'marked' },
      element('th', { scope: 'row' }, name.toLowerCase()),
      element('td', {}, shorten(value, token), remark && element('em', {}, remark)),
    ),
  )
  return element('table', { 'data-testid': testId }, element('tbody', {}, ...rows))
}

/**
 * Shows a pretty-printed body, and marks lines that differ between the sent and the received body.
 * @param side `added` if the gateway added such lines, `removed` if it removed them
 */
export function json(value, { shorten: token, known, side, testId }) {
  const members = new Set([...(known ?? [])].map(memberOf))
  const shown = pretty(value).map((line) => {
    const text = shorten(line, token)
    if (!known || !isContent(line) || known.has(bare(line))) return `${text}\n`
    const how = memberOf(line) !== undefined && members.has(memberOf(line)) ? 'changed' : side
    return element('mark', { class: how, title: `${how} by the gateway` }, text)
  })
  return element('pre', { 'data-testid': testId }, ...shown)
}

/** Returns the member name at the beginning of a JSON line, with its indentation. */
const memberOf = (line) => /^\s*"[^"]+":/.exec(line)?.[0]

/**
 * Returns the lines of a pretty-printed value for comparison. They have no comma at the end,
 * because a comma only means that another line follows.
 */
export const lines = (value) => pretty(value).map(bare)

function pretty(value) {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '')
  return text.split('\n')
}

const bare = (line) => line.replace(/,$/, '')

/**
 * Tells whether a line has content. A line with an empty object has none, because the gateway may
 * have filled the object.
 */
const isContent = (line) => /\w/.test(line) && !/(\{\}|\[\]),?$/.test(line)

/** Shows the claims of the assertion: first those about the person, then the others, folded. */
export function claims(all) {
  const who = ['sub', 'name', 'email', 'roles', 'tenant', 'scope', 'aud', 'exp'].filter((name) => name in all)
  const rest = Object.keys(all).filter((name) => !who.includes(name))
  return [
    claimTable(who, all, 'claims'),
    element(
      'details',
      {},
      element('summary', {}, `${rest.length} more claims, such as the provider and the request that this is for`),
      claimTable(rest, all, 'more-claims'),
    ),
  ]
}

function claimTable(names, all, testId) {
  const rows = names.map((name) =>
    element(
      'tr',
      { title: meanings[name] },
      element('th', { scope: 'row' }, name),
      element('td', { 'data-claim': name }, describe(name, all)),
    ),
  )
  return element('table', { 'data-testid': testId }, element('tbody', {}, ...rows))
}

const meanings = {
  aud: 'audience: this agent only',
  bdg: 'SHA-256 of the body',
  htm: 'bound to this method',
  htu: 'bound to this address',
  idp: 'the identity provider that the person signed in at',
  iss: 'issuer: the gateway',
  jti: 'the request id',
  rid: 'the route',
  thread_id: 'the thread',
}

function describe(name, all) {
  const value = all[name]
  if (name === 'exp') return `${new Date(value * 1000).toLocaleTimeString()} (valid for ${value - all.iat} s)`
  if (name === 'iat' || name === 'nbf') return new Date(value * 1000).toLocaleTimeString()
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Shortens tokens in a text, because complete tokens should not be shown. */
function shorten(text, token) {
  const short = (found) => `${found.slice(0, 10)}…${found.slice(-6)} (${found.length} characters)`
  const hidden = token ? text.replaceAll(token, short) : text
  return hidden.replace(/eyJ[\w-]{40,}\.[\w-]+\.[\w-]+/g, short)
}

/** Returns the parsed body if it is JSON, otherwise its text. */
export function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
