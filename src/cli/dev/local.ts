/*
 * The difference between a project's gateway on this machine and the deployed one. This module runs
 * in both the commands and the Worker that `sallyport dev` bundles. No deployment imports it.
 */
import type { Issuer, Route } from '../../config/define'

/** The addresses on this machine, and the routes that local people may use. */
export interface Local {
  /** The gateway's own address. */
  readonly gateway: string
  /** The issuer of local people. */
  readonly provider: string
  /** The web origin of the page that `sallyport dev` shows. */
  readonly page: string
  /** The ids of routes that local people may use. */
  readonly routes: readonly string[]
  /** Absent: no requests are recorded. */
  readonly recorder?: Recorder
}

/** A server that remembers the requests that it forwards to agents. */
export interface Recorder {
  readonly url: string
  /** Requests to these origins go through the recorder. */
  readonly agents: readonly string[]
}

/** The header that tells the recorder where a request goes. It is not forwarded. */
export const TARGET_HEADER = 'x-sallyport-dev-target'

/**
 * The local people's identity provider, as routes trust it. A prefix marks their user ids as local.
 * @param urls of routes, which are audiences too: MCP clients ask for a token for one (RFC 8707)
 */
export const localIssuer = (provider: string, urls: readonly string[]): Issuer => ({
  id: 'local-people',
  issuer: provider,
  audience: ['agents', ...urls],
  algorithms: ['RS256'],
  claims: { roles: 'roles', tenant: 'tenant', email: 'email', name: 'name' },
  subjectPrefix: 'local:',
})

/**
 * Lets local people use the routes that are open to them, and lets the page call all routes. The
 * local provider comes first, because MCP clients sign in at the first one that a route names.
 */
export function asLocal(routes: readonly Route[], local: Local): readonly Route[] {
  const isForLocalPeople = ({ id }: Route): boolean => local.routes.includes(id)
  const urls = routes.filter(isForLocalPeople).map(({ path }) => local.gateway + path)
  const issuer = localIssuer(local.provider, urls)
  return routes.map((route) => ({
    ...route,
    ...(isForLocalPeople(route) && { trust: [issuer, ...(route.trust ?? [])] }),
    cors: { ...route.cors, origins: [...(route.cors?.origins ?? []), local.page] },
  }))
}

type Fetch = (input: Request | string, init?: RequestInit) => Promise<Response>

/**
 * Sends requests for agents through the recorder. Signatures still name the agent's own address.
 */
export function recorded(fetch: Fetch, { url, agents }: Recorder): Fetch {
  return (input, init) => {
    const to = typeof input === 'string' ? input : input.url
    const target = agents.find((agent) => to.startsWith(`${agent}/`))
    if (target === undefined) return fetch(input, init)
    const headers = new Headers(init?.headers ?? (typeof input === 'string' ? undefined : input.headers))
    headers.set(TARGET_HEADER, target)
    const from = url + to.slice(target.length)
    return typeof input === 'string' ? fetch(from, { ...init, headers }) : fetch(new Request(from, input), { headers })
  }
}

/** The line that the gateway writes when a client fetches the keys of its assertions. */
export const KEYS_READ = '{"event":"keys-read"}'

/** Marks the page's own request for these keys. */
export const PAGE_HEADER = 'x-sallyport-dev-page'

interface Worker {
  fetch(request: Request, environment: unknown, context: never): Response | Promise<Response>
}

/** Answers with the running build, which shows whether a save is in force. */
export const BUILD_PATH = '/.sallyport/dev'

/**
 * Answers which build runs, and logs when a client fetches the keys. So agents that never fetch
 * them can be found.
 */
export const observed = (worker: Worker, build: string, log: (line: string) => void): Worker => ({
  fetch(request, environment, context) {
    const { pathname } = new URL(request.url)
    if (pathname === BUILD_PATH) return new Response(build)
    if (pathname === '/.well-known/jwks.json' && !request.headers.has(PAGE_HEADER)) log(KEYS_READ)
    return worker.fetch(request, environment, context)
  },
})
