import { parseArgs } from 'node:util'
import type { Route } from '../config/define'
import { variable } from '../config/env'
import { type Configuration, load } from '../config/load'
import { isRevocationKind } from '../limits/revocation-entry'
import { REVOCATION_BOUND_SECONDS } from '../limits/revocations'
import { DAY_SECONDS, daysOf } from './api-key-record'
import type { Command } from './command'
import { isHere } from './dev/local-bundle'
import { local, providerPort } from './dev/ports'
import { noNetwork } from './no-network'
import { say } from './print'
import { openProject, ProjectError } from './project'

const USAGE = `usage: sallyport revoke person|session|token|tenant ID --issuer ISS [--for 30d] [--note TEXT]
       sallyport revoke key ID [--for 30d] [--note TEXT]
       sallyport revoke issuer ISS [--for 30d] [--note TEXT]
       sallyport revoke list
       sallyport revoke undo ENTRY
       sallyport revoke close ROUTE [--message TEXT] [--retry-after SECONDS]
       sallyport revoke open ROUTE
  person     by sub; session by sid, token by jti, a key by the id that \`keys api list\` shows
  --issuer   the iss of their tokens, or the id of the issuer or keys in policies/; local-people
             for the local people of npm start
  --for      how long it lasts; by default until it is undone
  --note     a text for readers of the list
  --gateway  the address of the gateway (default: PUBLIC_URL of wrangler's file)
  --env      an environment of wrangler's file
  SALLYPORT_TOKEN  a token or an API key of an operator`

const text = { type: 'string' } as const
const options = { issuer: text, for: text, note: text, message: text, 'retry-after': text, gateway: text, env: text }

/**
 * Ends the access of a user or closes a route, with a request to the operators' route of a running
 * gateway.
 */
export const revoke: Command = {
  usage: USAGE,
  async run(args, root) {
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [verb = '', subject, ...others] = positionals
    const wantsSubject = verb !== 'list'
    const isKnown = ['list', 'undo', 'close', 'open'].includes(verb) || isRevocationKind(verb)
    if (!isKnown || wantsSubject !== (subject !== undefined) || others.length > 0) throw new Error(USAGE)
    const { deployments, routes } = await openProject(root)
    const { environment } = deployments.named(values.env)
    refuseStrayOptions(verb, values)
    const gateway = (values.gateway ?? variable(environment, 'PUBLIC_URL') ?? '').replace(/\/+$/, '')
    const call = callerOf(routes, gateway)
    const at = encodeURIComponent(subject ?? '')
    if (verb === 'list') say(JSON.stringify(await call('GET', '/revocations'), undefined, 2))
    else if (verb === 'undo') await call('DELETE', `/revocations/${at}`)
    else if (verb === 'open' || verb === 'close') {
      refuseRoute(routes, subject ?? '', verb)
      if (verb === 'open') await call('DELETE', `/routes/${at}/closed`)
      else await call('PUT', `/routes/${at}/closed`, closedOf(values))
    } else {
      const given = verb === 'issuer' ? subject : values.issuer
      if ((verb === 'key') !== (given === undefined)) throw new Error(USAGE)
      if (verb === 'key' && !/^[0-9a-f]{16}$/.test(subject ?? ''))
        throw new ProjectError('Write the id of the key: 16 hex digits, which `keys api list` shows.')
      const issuer =
        given === undefined
          ? undefined
          : issuerNamed(load(routes, here(environment, gateway), noNetwork), given, gateway)
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
      say(`Entry ${id}. \`sallyport revoke undo ${id}\` ends this entry.`)
    }
    if (verb !== 'list') say(`This takes effect everywhere within ${REVOCATION_BOUND_SECONDS} seconds.`)
    return 0
  },
}

interface Answer {
  readonly id?: string
  readonly error?: string
  readonly detail?: string
}

/**
 * Returns a function that sends a request to the operators' route, and throws an error if the
 * request is refused.
 */
function callerOf(routes: readonly Route[], gateway: string) {
  const route = routes.find(({ agent }) => 'object' in agent.origin)
  if (!route)
    throw new ProjectError(
      'This project has no route for operators: docs/limits.md#revocation says how to make this route.',
    )
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
    throw new ProjectError(`--retry-after ${retryAfter}: write a whole number of seconds.`)
  return { ...(message !== undefined && { message }), ...(retryAfter !== undefined && { retryAfter: seconds }) }
}

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  list: [],
  undo: [],
  open: [],
  close: ['message', 'retry-after'],
  key: ['for', 'note'],
  issuer: ['for', 'note'],
}

/**
 * Refuses an option that only other `revoke` commands have, because the user probably made a
 * mistake.
 */
function refuseStrayOptions(verb: string, values: Readonly<Record<string, unknown>>): void {
  const known = [...(OPTIONS[verb] ?? ['issuer', 'for', 'note']), 'gateway', 'env']
  const stray = Object.keys(values).find((name) => !known.includes(name))
  if (stray !== undefined) throw new ProjectError(`--${stray} is not an option of "revoke ${verb}".`)
}

function refuseRoute(routes: readonly Route[], id: string, verb: string): void {
  const found = routes.find((route) => route.id === id)
  if (!found)
    throw new ProjectError(`There is no route "${id}". The routes are: ${routes.map((route) => route.id).join(', ')}.`)
  if (verb === 'close' && 'object' in found.agent.origin)
    throw new ProjectError(
      `The route ${id} is for operators. It is needed to open other routes, so it cannot be closed.`,
    )
}

/**
 * Returns the project's variables. If the gateway runs on this machine, `ENVIRONMENT` is set to
 * `development`, which allows addresses with plain http.
 */
const here = (environment: Readonly<Record<string, unknown>>, gateway: string) =>
  isHere(gateway) ? { ...environment, ENVIRONMENT: 'development' } : environment

/**
 * Returns the `iss` of an issuer, which the user names by its `iss` or by its id in policies/.
 * @throws ProjectError for an issuer that no route trusts, because a revocation for this issuer
 * would have no effect
 */
function issuerNamed({ routes }: Configuration, given: string, gateway: string): string {
  const known = [...routes.values()].flatMap(({ trust }) => [...trust.issuers, ...trust.apiKeys])
  const ofLocalPeople = isHere(gateway)
    ? [{ id: 'local-people', issuer: local(providerPort(Number(new URL(gateway).port))) }]
    : []
  const all = [...known, ...ofLocalPeople]
  const names = [
    ...new Set(all.filter(({ id, issuer }) => id === given || issuer === given).map(({ issuer }) => issuer)),
  ]
  if (names.length === 1 && names[0] !== undefined) return names[0]
  if (names.length > 1)
    throw new ProjectError(`${given} stands for several issuers. Write one of them: ${names.join(', ')}.`)
  const ids = [...new Set(all.map(({ id }) => id))].join(', ')
  throw new ProjectError(`No route trusts the issuer "${given}". The routes trust: ${ids}.`)
}

function endOf(given: string): number {
  const days = daysOf(given)
  if (!days) throw new ProjectError(`--for ${given}: write a number of days, such as 30d.`)
  return Math.floor(Date.now() / 1000) + days * DAY_SECONDS
}
