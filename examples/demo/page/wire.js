import { byId, element } from './dom.js'
import { claims, headerList, json, lines, section } from './wire-parts.js'

const hints = {
  sent: 'Your request as it leaves this page, with the token that signs you in.',
  received: 'The same request as it reaches the agent: without your token, with an identity that the gateway signed.',
}
const exchanges = []
let shown

/** Remembers or updates a request, and shows it. */
export function record(exchange) {
  if (!exchanges.includes(exchange)) exchanges.push(exchange)
  if (exchanges.length > 12) exchanges.shift()
  if (exchange.requestId && !exchange.received) fetchReceived(exchange)
  show(exchange)
}

export function forget() {
  exchanges.length = 0
  show(undefined)
}

/** Asks the page's server what reached the agent under this request id. */
async function fetchReceived(exchange) {
  exchange.received = 'asking'
  const response = await fetch(`/received/${exchange.requestId}`).catch(() => undefined)
  const all = response?.ok ? await response.json() : []
  exchange.received = all.find(({ method }) => method === exchange.method) ?? 'nothing'
  if (shown === exchange) show(exchange)
}

function show(exchange) {
  shown = exchange
  byId('exchanges').replaceChildren(...exchanges.map(tab))
  byId('exchanges').querySelector('[aria-pressed=true]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  byId('sent').replaceChildren(element('h2', {}, 'What you sent'), ...(exchange ? sent(exchange) : [hint(hints.sent)]))
  byId('received').replaceChildren(
    element('h2', {}, 'What the agent received'),
    ...(exchange ? received(exchange) : [hint(hints.received)]),
  )
}

function tab(exchange) {
  const { method, path, status, failed } = exchange
  const outcome = failed ? 'bad' : status === undefined ? 'open' : status < 400 ? 'ok' : 'bad'
  const name = path.replace(/^\/agents\/[^/]+/, '').replace(/[0-9a-f-]{36}/, '…') || '/'
  const button = element(
    'button',
    { 'aria-pressed': String(exchange === shown), 'data-outcome': outcome, title: `${method} ${path}` },
    `${method} ${name} `,
    element('b', {}, failed ? 'failed' : `${status ?? '…'}`),
  )
  button.addEventListener('click', () => show(exchange))
  return button
}

function sent(exchange) {
  const { method, url, headers, body, token, received } = exchange
  const arrived = typeof received === 'object' ? new Set(lines(parse(received.body))) : undefined
  return [
    section('Request', element('pre', { 'data-testid': 'sent-request' }, `${method} ${url}`)),
    section(
      'Headers',
      headerList(Object.entries(headers), {
        shorten: token,
        mark: (name) => name === 'authorization' && 'stays at the gate',
        testId: 'sent-headers',
      }),
      element('p', { class: 'aside' }, 'and what the browser adds: origin, user-agent, …'),
    ),
    body && section('Body', json(body, { shorten: token, known: arrived, side: 'removed', testId: 'sent-body' })),
  ].filter(Boolean)
}

function received(exchange) {
  const { received: record, token, body, problem, status } = exchange
  if (record === 'nothing' && problem) {
    return [
      mark('bad', 'refused', `Refused at the gate with ${status}`, problem.title),
      mark('ok', 'nothing', 'The agent received nothing'),
    ]
  }
  if (record === 'nothing') return [mark('bad', 'nothing', 'No request with this id reached the agent')]
  if (exchange.failed) return [hint('No reply came.')]
  if (typeof record !== 'object') return [hint('Waiting for the reply …')]

  const { assertion } = record
  const leaked = leaks(record, token)
  const verified = assertion?.verified === true
  return [
    problem && mark('bad', 'agent-error', `The agent answered ${status}`, problem.detail),
    leaked
      ? mark('bad', 'no-token', 'The bearer you sent is in here')
      : mark('ok', 'no-token', 'No token: the bearer you sent is not in here'),
    verified
      ? mark('ok', 'verified', 'Signature verified against the gateway’s published keys')
      : mark('bad', 'verified', 'No verified identity', assertion?.reason ?? 'no assertion came along'),
    assertion && section(`Signed identity, in ${assertion.carriedBy}`, ...claims(assertion.claims)),
    section('Request', element('pre', { 'data-testid': 'received-request' }, `${record.method} ${record.path}`)),
    section(
      'Headers',
      headerList(record.headers, {
        mark: (name) =>
          name.toLowerCase() === assertion?.carriedBy
            ? 'signed by the gate'
            : /^x-user-/i.test(name) && 'set by the gate',
        testId: 'received-headers',
      }),
    ),
    record.body &&
      section(
        'Body',
        json(parse(record.body), { known: new Set(lines(body)), side: 'added', testId: 'received-body' }),
      ),
  ].filter(Boolean)
}

/** Looks for the token, and for its payload and signature alone, in every byte that is known to have arrived. */
function leaks(record, token) {
  const everything = JSON.stringify([record.path, record.headers, record.body])
  const [, payload, signature] = token.split('.')
  return [token, payload, signature].some((part) => everything.includes(part))
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

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
