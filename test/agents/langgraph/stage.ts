import { type IdentityProvider, startIdentityProvider } from '../../../src/cli/dev/identity-provider/provider.ts'
import type { Route } from '../../../src/config/define'
import { bearer, forge, issuerOf, routeOf } from '../../support/fixtures'
import type { PythonServer } from '../../support/python'
import { openWorld, type World } from '../../support/world'
import { startJsServer, startPythonServer } from './servers'

export const kinds = ['python', 'javascript'] as const
export type Kind = (typeof kinds)[number]
/**
 * Alice, bob and the admin are of one tenant. The namesake is whom another identity provider calls
 * alice.
 */
export type Person = 'alice' | 'bob' | 'admin' | 'namesake' | 'stranger' | 'tenantless'

/** A reply, read to its end or as far as it came in time. */
export interface Heard {
  readonly status: number
  readonly headers: Record<string, string>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: the shapes are the server's
  readonly json: any
}

/** A body that has to travel as it is written: with members twice, or spelt with escapes. */
export interface Raw {
  readonly raw: string
}

type Call = (method: string, path: string, body?: object | Raw, seconds?: number) => Promise<Heard>

export interface LangGraphStage {
  readonly world: World
  readonly headers: Record<Person, { authorization: string }>
  /** Sends a request directly to a server, as its operator. */
  at(kind: Kind): Call & { readonly url: string }
  /** Through the gateway. The route is the server's own, or `<server>-<what is different>`. */
  as(person: Person, route: string): Call
  close(): Promise<void>
}

const variants: Record<string, Partial<Route>> = {
  '': {},
  '-tenant': { threads: 'tenant' },
  '-shared': { threads: 'shared' },
  '-claimed': { unowned: 'claim-by-first' },
}

/** The operations that a route lists to offer crons as well. */
const operations = ['threads.*', 'run.*', 'store.*', 'assistants.search', 'assistants.count', 'assistants.read', 'info']
const crons = ['create', 'search', 'read', 'update', 'delete'].map((name) => `crons.${name}`)

export async function openLangGraph(): Promise<LangGraphStage> {
  const [python, javascript, other] = await Promise.all([
    startPythonServer(),
    startJsServer('langgraph.json', {}),
    startIdentityProvider(),
  ])
  const servers: Record<Kind, PythonServer> = { python, javascript }
  const world = await openWorld(({ trust }) => {
    const both = [...trust, issuerOf(other.issuer, { id: 'other', subjectPrefix: 'other:' })]
    return kinds.flatMap((kind) =>
      Object.entries(variants).map(([name, more]) => {
        const id = `${kind}${name}`
        const opened = name === '-shared' ? {} : { operations: [...operations, ...crons] }
        const agent = { kind: 'langgraph', origin: { url: servers[kind].url }, ...opened } as const
        return routeOf(agent, both, { id, path: `/agents/${id}`, ...more })
      }),
    )
  })
  const made = async (provider: IdentityProvider, claims: object) =>
    bearer(await forge(provider, { claims: { ...claims } }))
  const headers = {
    alice: world.alice,
    bob: world.bob,
    admin: await made(world.provider, { sub: 'erin', tenant: 'acme', roles: ['admin'] }),
    namesake: await made(other, { sub: 'alice', tenant: 'acme' }),
    stranger: await made(world.provider, { sub: 'carol', tenant: 'umbrella' }),
    tenantless: await made(world.provider, { sub: 'dave' }),
  }
  return {
    world,
    headers,
    at: (kind) => Object.assign(caller(servers[kind].url, {}), { url: servers[kind].url }),
    as: (person, route) => caller(`${world.gateway.url}/agents/${route}`, headers[person]),
    async close() {
      await world.close()
      await Promise.all([python, javascript, other].map((each) => each.close()))
    },
  }
}

function caller(url: string, headers: Record<string, string>): Call {
  return async (method, path, body, seconds = 20) => {
    const left = new AbortController()
    const reply = await fetch(url + path, {
      method,
      // A caller who joins a run wants to hear all from the beginning; servers keep that for those
      // who come late.
      headers: {
        ...headers,
        ...(/\/runs\/.*stream$/.test(path) && { 'last-event-id': '-1' }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: 'raw' in body ? body.raw : JSON.stringify(body) }),
      signal: left.signal,
    })
    const timer = setTimeout(() => left.abort(), seconds * 1000)
    const text = await readOn(reply)
    clearTimeout(timer)
    return { status: reply.status, headers: Object.fromEntries(reply.headers), text, json: jsonOf(text) }
  }
}

async function readOn(reply: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  try {
    for await (const part of reply.body ?? []) text += decoder.decode(part, { stream: true })
  } catch {
    // It would have gone on.
  }
  return text
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
