import { parseArgs } from 'node:util'
import type { Route } from '../config/define'
import { addressOf, variable } from '../config/env'
import { issuersIn } from '../config/trust'
import type { Command } from './command'
import { say } from './print'
import { openProject, ProjectError } from './project'

const KINDS = ['token', 'session', 'person', 'tenant', 'key', 'issuer'] as const
type Kind = (typeof KINDS)[number]
const DAY_SECONDS = 86_400

const USAGE = `usage: sallyport revoke person|session|token|tenant ID --issuer ISS [--for 30d] [--note TEXT]
       sallyport revoke key ID [--for 30d] [--note TEXT]
       sallyport revoke issuer ISS [--for 30d] [--note TEXT]
       sallyport revoke list
       sallyport revoke undo ENTRY
       sallyport revoke close ROUTE [--message TEXT] [--retry-after SECONDS]
       sallyport revoke open ROUTE
  person     by sub; session by sid, token by jti, a key by the id that \`keys api list\` shows
  --issuer   the iss of their tokens, or the id of the issuer in policies/
  --for      when it ends by itself; without it, when it is undone
  --note     for whoever reads the list
  --gateway  its address (default: PUBLIC_URL of wrangler's file)
  --env      an environment of wrangler's file
  SALLYPORT_TOKEN  a token or an API key of an operator`

const text = { type: 'string' } as const
const options = { issuer: text, for: text, note: text, message: text, 'retry-after': text, gateway: text, env: text }

/** Asks the operators' route of a running gateway to end somebody's access, or to close a route. */
export const revoke: Command = {
  usage: USAGE,
  async run(args, root) {
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [verb = '', subject, ...others] = positionals
    const wantsSubject = verb !== 'list'
    const isKnown = ['list', 'undo', 'close', 'open'].includes(verb) || isKind(verb)
    if (!isKnown || wantsSubject !== (subject !== undefined) || others.length > 0) throw new Error(USAGE)
    const { deployments, routes } = await openProject(root)
    const { environment } = deployments.named(values.env)
    const call = callerOf(routes, values.gateway ?? variable(environment, 'PUBLIC_URL') ?? '')
    const at = encodeURIComponent(subject ?? '')
    if (verb === 'list') say(JSON.stringify(await call('GET', '/revocations'), undefined, 2))
    else if (verb === 'undo') await call('DELETE', `/revocations/${at}`)
    else if (verb === 'open' || verb === 'close') {
      refuseUnknownRoute(routes, subject ?? '')
      if (verb === 'open') await call('DELETE', `/routes/${at}/closed`)
      else await call('PUT', `/routes/${at}/closed`, closedOf(values))
    } else {
      const issuer = issuerNamed(routes, environment, verb === 'issuer' ? subject : values.issuer)
      if ((verb === 'key') !== (issuer === undefined)) throw new Error(USAGE)
      const more = {
        ...(values.for !== undefined && { until: endOf(values.for) }),
        ...(values.note !== undefined && { note: values.note }),
      }
      const value = verb === 'issuer' ? {} : { value: subject }
      const { id } = await call('POST', '/revocations', {
        kind: verb,
        ...value,
        ...(issuer !== undefined && { issuer }),
        ...more,
      })
      say(`Entry ${id}. \`sallyport revoke undo ${id}\` takes it back.`)
    }
    if (verb !== 'list') say('It is in force everywhere within 15 seconds.')
    return 0
  },
}

const isKind = (verb: string): verb is Kind => KINDS.some((kind) => kind === verb)

interface Answer {
  readonly id?: string
  readonly error?: string
  readonly detail?: string
}

/** @returns a function that asks the operators' route, and throws what it refuses */
function callerOf(routes: readonly Route[], gateway: string) {
  const route = routes.find(({ agent }) => 'object' in agent.origin)
  if (!route)
    throw new ProjectError('This project has no route for operators: docs/limits.md#revocation says how to make one.')
  const token = process.env.SALLYPORT_TOKEN
  if (!token) throw new ProjectError('Set SALLYPORT_TOKEN to a token or an API key of an operator.')
  return async (method: string, path: string, body?: object): Promise<Answer> => {
    const url = gateway + route.path.replace(/\/$/, '') + path
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const reply = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) }).catch(
      () => undefined,
    )
    if (!reply) throw new ProjectError(`No gateway answers at ${gateway}. --gateway names another address.`)
    const answer = (await reply.json().catch(() => ({}))) as Answer
    if (reply.ok) return answer
    throw new ProjectError(`${method} ${url} was refused with ${reply.status}: ${answer.error ?? answer.detail ?? ''}`)
  }
}

function closedOf({
  message,
  'retry-after': retryAfter,
}: {
  readonly message?: string
  readonly 'retry-after'?: string
}) {
  const seconds = Number(retryAfter)
  if (retryAfter !== undefined && !Number.isInteger(seconds))
    throw new ProjectError(`--retry-after ${retryAfter}: it wants whole seconds.`)
  return { ...(message !== undefined && { message }), ...(retryAfter !== undefined && { retryAfter: seconds }) }
}

function refuseUnknownRoute(routes: readonly Route[], id: string): void {
  if (!routes.some((route) => route.id === id))
    throw new ProjectError(`There is no route "${id}"; there is: ${routes.map((route) => route.id).join(', ')}.`)
}

/** The `iss` of an issuer that is named by it, or by its id. */
function issuerNamed(
  routes: readonly Route[],
  environment: Readonly<Record<string, unknown>>,
  given: string | undefined,
): string | undefined {
  const named = routes.flatMap(({ trust }) => issuersIn(trust)).find(({ id }) => id === given)
  return named ? addressOf(named.issuer, environment) : given
}

function endOf(given: string): number {
  const days = /^(\d+)d$/.exec(given)?.[1]
  if (days === undefined) throw new ProjectError(`--for ${given}: it wants a number of days, such as 30d.`)
  return Math.floor(Date.now() / 1000) + Number(days) * DAY_SECONDS
}
