import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { TestPerson } from '../../testing/token'
import { ProjectError } from '../project'
import { type Outcome, type Rehearsed, rehearse } from './rehearse'

/** The options of `explain` for a whole request. */
export interface RequestOptions {
  readonly as?: string | undefined
  readonly body?: string | undefined
  readonly header?: readonly string[] | undefined
  readonly env?: string | undefined
}

/** Says what becomes of a request: whether it passes and why, and what the agent would get. */
export async function explainRequest(root: string, written: string, options: RequestOptions): Promise<string> {
  const [, method = '', at = ''] = /^([A-Za-z]+)\s+(\/\S*)$/.exec(written.trim()) ?? []
  if (method === '') throw new ProjectError(`"${written}" is no request, such as "POST /agents/support/runs/stream".`)
  const body = options.body === undefined ? undefined : contentOf(root, options.body)
  const given = Object.fromEntries((options.header ?? []).map(headerOf))
  const headers = body === undefined ? given : { 'content-type': 'application/json', ...given }
  const request: Rehearsed = { method: method.toUpperCase(), path: at, headers, body }
  return outcomeText(await rehearse(root, options.env, request, personOf(options.as)), request)
}

/** A body, or the name of a file with one after an at sign, as curl has it. */
function contentOf(root: string, body: string): string {
  if (!body.startsWith('@')) return body
  const file = path.resolve(root, body.slice(1))
  if (!existsSync(file)) throw new ProjectError(`There is no file ${body.slice(1)}.`)
  return readFileSync(file, 'utf8')
}

function headerOf(line: string): [string, string] {
  const at = line.indexOf(':')
  if (at < 1) throw new ProjectError(`"${line}" is no header, such as "x-user-id: alice".`)
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
  throw new ProjectError(`--as wants a person: alice, or '{"sub":"alice","roles":["admin"]}'.`)
}

/** An outcome as a person reads it. */
export function outcomeText({ status, answer, audit, received }: Outcome, request: Rehearsed): string {
  const { route, operations, who, decision, code, reason, thread, mismatch } = audit
  const lines = [
    step(route !== undefined, 'route', route ?? 'none has this path'),
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
  if (thread !== undefined) lines.push(step(true, 'thread', thread))
  if (code !== undefined) {
    lines.push('', `The gateway refuses it: ${status} ${code}${reason === undefined ? '' : ` (${reason})`}.`)
    if (mismatch) lines.push(`  found     ${mismatch.found}`, `  expected  ${mismatch.expected}`)
    lines.push(`  the caller is told: ${detailOf(answer)}`)
  }
  if (received) lines.push('', ...agentText(received, request))
  return lines.join('\n')
}

const step = (isGood: boolean, name: string, text: string): string => `${isGood ? '✓' : '✗'} ${name.padEnd(11)}${text}`

function detailOf(answer: string): string {
  try {
    return (JSON.parse(answer) as { detail?: string }).detail ?? answer
  } catch {
    return answer
  }
}

/** A signature of the gateway's, which is new in each request and long. */
const SIGNED = /^(Bearer )?eyJ[\w-]+\.[\w-]+\.[\w-]+$/

function agentText(
  { method, path: at, headers, body }: NonNullable<Outcome['received']>,
  request: Rehearsed,
): string[] {
  const got = [...headers].map(
    ([name, value]) => `  ${name}: ${value.replace(SIGNED, '$1(the gateway’s own signed word)')}`,
  )
  const removed = Object.keys(request.headers).filter((name) => headers.get(name) !== request.headers[name])
  return [
    `The agent gets: ${method} ${at}`,
    ...got,
    ...(body === '' ? [] : ['', ...body.split('\n').map((line) => `  ${line}`)]),
    ...(removed.length === 0 ? [] : ['', `Taken out or replaced: ${removed.join(', ')}`]),
  ]
}
