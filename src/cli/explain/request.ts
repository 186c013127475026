import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { explainToken } from '../../authentication/jwt/explain'
import type { Principal } from '../../authentication/principal'
import { load } from '../../config/load'
import type { LoadedRoute } from '../../config/loaded-route'
import { type PolicyTrace, traceOf } from '../../policy/trace'
import type { TestPerson } from '../../testing/token'
import { noNetwork } from '../no-network'
import { openProject, ProjectError } from '../project'
import { bodyChanges } from './body-changes'
import { type Outcome, type Rehearsed, rehearse } from './rehearse'

/** The options of `explain` for a whole request. */
export interface RequestOptions {
  readonly as?: string | undefined
  readonly body?: string | undefined
  readonly header?: readonly string[] | undefined
  readonly env?: string | undefined
}

/**
 * Returns a text about a request: whether the gateway forwards it and why, and what the agent would
 * receive.
 */
export async function explainRequest(root: string, written: string, options: RequestOptions): Promise<string> {
  const [, method = '', at = ''] = /^([A-Za-z]+)\s+(\/\S*)$/.exec(written.trim()) ?? []
  if (method === '')
    throw new ProjectError(`"${written}" is not a request. Write it like "POST /agents/support/runs/stream".`)
  const body = options.body === undefined ? undefined : contentOf(root, options.body)
  const given = Object.fromEntries((options.header ?? []).map(headerOf))
  const headers = body === undefined ? given : { 'content-type': 'application/json', ...given }
  const request: Rehearsed = { method: method.toUpperCase(), path: at, headers, body }
  refuseUnsendable(request)
  const outcome = await rehearse(root, options.env, request, personOf(options.as))
  const { deployments, routes } = await openProject(root)
  const { routes: loaded } = load(routes, deployments.named(options.env).environment, noNetwork)
  const route = [...loaded.values()].find(({ id }) => id === outcome.audit.route)
  return outcomeText(outcome, request, route, route && (await callerIn(outcome.token, route)))
}

/** Returns the body of a request. As in curl, `@` and a file name mean the content of the file. */
function contentOf(root: string, body: string): string {
  if (!body.startsWith('@')) return body
  const file = path.resolve(root, body.slice(1))
  if (!existsSync(file)) throw new ProjectError(`There is no file ${body.slice(1)}.`)
  return readFileSync(file, 'utf8')
}

function headerOf(line: string): [string, string] {
  const at = line.indexOf(':')
  if (at < 1) throw new ProjectError(`"${line}" is not a header. Write it like "x-user-id: alice".`)
  return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()]
}

function personOf(as: string | undefined): TestPerson | undefined {
  if (as === undefined) return undefined
  try {
    const person = JSON.parse(as) as TestPerson
    if (typeof person.sub === 'string' && person.sub !== '') return person
  } catch {
    if (/^[\w.@-]+$/.test(as)) return { sub: as }
  }
  throw new ProjectError(`--as takes a person: alice, or '{"sub":"alice","roles":["admin"]}'.`)
}

/** Refuses requests that Node's own client cannot send. @throws ProjectError */
function refuseUnsendable({ method, path: at, headers, body }: Rehearsed): void {
  const isBodiless = method === 'GET' || method === 'HEAD'
  const header = Object.keys(headers).find((name) => /^(?:connection|upgrade|transfer-encoding|te|host)$/.test(name))
  if (isBodiless && body !== undefined) throw new ProjectError(`A ${method} request cannot have a body. Remove --body.`)
  if (/^(?:TRACE|CONNECT|TRACK)$/.test(method)) throw new ProjectError(`${method} cannot be tried here.`)
  if (header !== undefined) throw new ProjectError(`The header ${header} cannot be tried here. Remove this header.`)
  const { pathname, search } = new URL(at, 'http://gateway.invalid')
  if (pathname + search !== at)
    throw new ProjectError(`Clients would send this path as ${pathname}${search}. Write the path like that.`)
}

/** Returns the caller whom a token identifies, with the same functions as the gateway. */
async function callerIn(token: string | undefined, { trust }: LoadedRoute): Promise<Principal | undefined> {
  if (token === undefined) return undefined
  const { principal } = await explainToken(token, trust.issuers, async () => 'unknown', Date.now())
  return principal
}

/**
 * Formats the result of a request for a person to read.
 * @param caller absent if no user is signed in, or if the route does not trust the token
 */
export function outcomeText(
  { status, answer, audit, received }: Outcome,
  request: Rehearsed,
  route: LoadedRoute | undefined,
  caller: Principal | undefined,
): string {
  const { operations, who, decision, code, reason, thread, mismatch } = audit
  const lines = [
    step(route !== undefined, 'route', audit.route ?? 'none has this path'),
    step(
      who !== undefined,
      'caller',
      who ? `${who.subject}, a ${who.kind === 'service' ? 'service' : 'person'}, by ${who.issuer}` : 'nobody',
    ),
  ]
  if (operations) lines.push(step(true, 'operations', operations.join(', ')))
  if (decision?.effect === 'allow') lines.push(step(true, 'policies', `allowed by ${decision.by.join(' and ')}`))
  if (decision?.effect === 'deny')
    lines.push(
      step(false, 'policies', `${decision.policy ?? 'no policy'} does not allow it: ${decision.reasons.join(', ')}`),
    )
  if (route && caller && decision)
    for (const operation of operations ?? [])
      lines.push(...rulesText(traceOf(route.policies, caller, operation), operation))
  if (thread !== undefined && route) lines.push(step(true, 'thread', `${thread}, ${ownerText(route, caller)}`))
  if (code !== undefined) {
    lines.push('', `The gateway refuses it: ${status} ${code}${reason === undefined ? '' : ` (${reason})`}.`)
    if (mismatch) lines.push(`  found     ${mismatch.found}`, `  expected  ${mismatch.expected}`)
    lines.push(`  the caller is told: ${detailOf(answer)}`)
  }
  if (received) lines.push('', ...agentText(received, request))
  return lines.join('\n')
}

const ownerText = ({ threads }: LoadedRoute, caller: Principal | undefined): string => {
  if (threads === 'shared') return 'shared by all who may use the route'
  return threads === 'tenant' ? `of tenant ${caller?.tenant}` : `of ${caller?.userId ?? 'nobody'} alone`
}

/** Lists each policy rule for an operation, and says whether the caller meets its conditions. */
function rulesText(traces: readonly PolicyTrace[], operation: string): string[] {
  return traces.flatMap(({ policy, rules }) => {
    const speaking = rules.filter((rule) => rule.covers)
    const silent = rules.length - speaking.length
    return [
      `    ${operation}, policy ${policy}${silent === 0 ? '' : ` (${silent} other rules are not about it)`}`,
      ...speaking.map(({ list, name, reasons, asks }) => {
        const isHit = reasons.length === 0
        const why = isHit ? '' : `: ${reasons.join(', ')}`
        return `      ${isHit ? 'hit ' : 'miss'} ${list} "${name}", for ${asks}${why}`
      }),
    ]
  })
}

const step = (isGood: boolean, name: string, text: string): string => `${isGood ? '✓' : '✗'} ${name.padEnd(11)}${text}`

function detailOf(answer: string): string {
  try {
    return (JSON.parse(answer) as { detail?: string }).detail ?? answer
  } catch {
    return answer
  }
}

/**
 * Matches an assertion of the gateway. It is long and differs in each request, so it is not
 * printed.
 */
const SIGNED = /^(Bearer )?eyJ[\w-]+\.[\w-]+\.[\w-]+$/

function agentText(
  { method, path: at, headers, body }: NonNullable<Outcome['received']>,
  request: Rehearsed,
): string[] {
  const got = [...headers].map(([name, value]) => `  ${name}: ${value.replace(SIGNED, '$1(signed by the gateway)')}`)
  const removed = Object.keys(request.headers).filter((name) => headers.get(name) !== request.headers[name])
  return [
    `The agent gets: ${method} ${at}`,
    ...got,
    ...(body === '' ? [] : ['', ...body.split('\n').map((line) => `  ${line}`)]),
    ...(removed.length === 0 ? [] : ['', `Removed or replaced: ${removed.join(', ')}`]),
    ...bodyChanges(request.body, body),
  ]
}
