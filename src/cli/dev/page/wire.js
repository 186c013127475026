import { forged } from './chats.js'
import { byId, element } from './dom.js'
import { changedIds } from './ids.js'
import { claims, headerList, json, lines, parse, section } from './wire-parts.js'

const hints = {
  sent: 'Your request as it leaves this page, with the token that says who you are.',
  received: 'The same request as it reaches your agent: without your token, with an identity that the gateway signed.',
}
const MOST = 12
const RECEIVED_TRIES = 10
const exchanges = []
let shown

/** Remembers a new request or updates a known one, and shows it. */
export function record(exchange) {
  if (!exchanges.includes(exchange)) exchanges.push(exchange)
  if (exchanges.length > MOST) exchanges.shift()
  if (exchange.requestId && !exchange.received) fetchReceived(exchange)
  show(exchange)
}

export function forget() {
  exchanges.length = 0
  show(undefined)
}

/** Fetches the request that the agent received, by its request id, from the server of the page. */
async function fetchReceived(exchange) {
  exchange.received = 'asking'
  // A request that the gateway refused did not reach the agent. In all other cases it did, but its
  // body may not be complete yet.
  const tries = exchange.status >= 400 ? 1 : RECEIVED_TRIES
  for (let tried = 0; tried < tries && typeof exchange.received !== 'object'; tried++) {
    const response = await fetch(`/received/${exchange.requestId}`).catch(() => undefined)
    const all = response?.ok ? await response.json() : []
    exchange.received = all.findLast(({ method }) => method === exchange.method) ?? 'nothing'
    if (exchange.received === 'nothing') await new Promise((resolve) => setTimeout(resolve, 100))
  }
  if (shown === exchange) show(exchange)
}

function show(exchange) {
  shown = exchange
  byId('sides').toggleAttribute('data-empty', exchange === undefined)
  byId('exchanges').replaceChildren(...exchanges.map(tab))
  byId('exchanges').querySelector('[aria-pressed=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  byId('sent').replaceChildren(element('h2', {}, 'What you sent'), ...(exchange ? sent(exchange) : [hint(hints.sent)]))
  byId('received').replaceChildren(
    element('h2', {}, 'What your agent received'),
    ...(exchange ? received(exchange) : [hint(hints.received)]),
  )
}

function tab(exchange) {
  const { method, path, status, hasFailed } = exchange
  const outcome = hasFailed ? 'bad' : status === undefined ? 'open' : status < 400 ? 'ok' : 'bad'
  const name = path.replace(/[0-9a-f-]{36}/, '…') || '/'
  const button = element(
    'button',
    { 'aria-pressed': String(exchange === shown), 'data-outcome': outcome, title: `${method} ${path}` },
    `${method} ${name} `,
    element('b', {}, hasFailed ? 'failed' : `${status ?? '…'}`),
  )
  button.addEventListener('click', () => show(exchange))
  return button
}

function sent(exchange) {
  const { method, url, headers, body, token, received: record } = exchange
  const arrived = typeof record === 'object' ? new Set(lines(parse(record.body))) : undefined
  return [
    section('Request', element('pre', { 'data-testid': 'sent-request' }, `${method} ${url}`)),
    section(
      'Headers',
      headerList(Object.entries(headers), {
        shorten: token,
        mark: (_name, value) => (token && value.includes(token) ? 'stays at the gateway' : undefined),
        testId: 'sent-headers',
      }),
    ),
    body !== undefined &&
      section('Body', json(body, { shorten: token, known: arrived, side: 'removed', testId: 'sent-body' })),
  ].filter(Boolean)
}

function received(exchange) {
  const { received: record, body, problem, status } = exchange
  if (exchange.hasFailed) return [hint('No answer came.')]
  if (record === 'nothing' && problem) {
    return [
      mark('bad', 'refused', `Refused by the gateway: ${status}`, problem.title),
      mark('ok', 'nothing', 'Your agent received nothing'),
    ]
  }
  if (record === 'nothing') return [hint('The gateway answered this by itself, or the agent is not recorded.')]
  if (typeof record !== 'object') return [hint('Waiting for the answer …')]
  const { assertion } = record
  const isOwn = (name) => name.toLowerCase() === assertion?.carriedBy || /^(?:x|sallyport)-user-/i.test(name)
  const remark = (name) => {
    if (name.toLowerCase() === assertion?.carriedBy) return 'signed by the gateway'
    return isOwn(name) ? 'set by the gateway' : undefined
  }
  const others = record.headers.filter(([name]) => !isOwn(name))
  return [
    ...ticks(exchange),
    ...changedIds(exchange),
    assertion && section(`Signed identity, in ${assertion.carriedBy}`, ...claims(assertion.claims)),
    section('Request', element('pre', { 'data-testid': 'received-request' }, `${record.method} ${record.path}`)),
    section(
      'Headers',
      headerList(
        record.headers.filter(([name]) => isOwn(name)),
        { mark: remark, testId: 'received-headers' },
      ),
      element(
        'details',
        {},
        element('summary', {}, `${others.length} headers that are not about the person`),
        headerList(others, { mark: () => undefined, testId: 'other-headers' }),
      ),
    ),
    record.body &&
      section(
        'Body',
        json(parse(record.body), { known: new Set(lines(body)), side: 'added', testId: 'received-body' }),
      ),
  ].filter(Boolean)
}

/** Lists the gateway's changes to the request, each with a tick or a cross. */
function ticks(exchange) {
  const { received: record, token, body, headers, problem, status } = exchange
  const { assertion, hasArrived } = record
  const isForged = hasForged(body) || Object.values(headers).includes(forged.user_id)
  const reachesAgent = hasForged(parse(record.body)) || record.headers.some(([, value]) => value === forged.user_id)
  return [
    !hasArrived && mark('bad', 'not-arrived', 'Your agent could not be reached', 'It would have received this.'),
    hasArrived && problem && mark('bad', 'agent-error', `Your agent answered ${status}`, problem.detail),
    token !== undefined &&
      (leaks(record, token)
        ? mark('bad', 'no-token', 'Your token is in here')
        : mark('ok', 'no-token', 'Your token was taken out')),
    assertion?.verified === true
      ? mark('ok', 'verified', 'Your identity is signed', 'The signature fits the keys that the gateway publishes.')
      : mark('bad', 'verified', 'No verified identity', assertion?.reason ?? 'The gateway sent no signature along.'),
    isForged &&
      (reachesAgent
        ? mark('bad', 'forged', 'The identity that you made up is in here')
        : mark('ok', 'forged', 'The identity that you made up was removed')),
  ].filter(Boolean)
}

/**
 * Tells whether the agent received the caller's token, its payload or its signature in any part of
 * the request.
 */
function leaks(record, token) {
  const everything = JSON.stringify([record.path, record.headers, record.body])
  return [token, ...token.split('.').slice(1)].some((part) => part !== '' && everything.includes(part))
}

function hasForged(value) {
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((each) => each === forged.user_id || hasForged(each))
}

const hint = (text) => element('p', { class: 'hint' }, text)

function mark(state, name, text, why) {
  return element(
    'p',
    { class: 'mark', 'data-testid': `mark-${name}`, 'data-state': state },
    text,
    why && element('small', {}, ` ${why}`),
  )
}
