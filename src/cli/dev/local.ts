/*
 * This module has everything in which a project's gateway on this machine differs from the deployed
 * one. The commands and the Worker that `sallyport dev` bundles use this module. No deployment
 * imports it.
 */
import type { Issuer, Route } from '../../config/define'

/** The addresses on this machine, and the routes that local people (its test users) may use. */
export interface Local {
  /** The gateway's own address. */
  readonly gateway: string
  /** The address of the local identity provider, which is the issuer of local people's tokens. */
  readonly provider: string
  /** The web origin of the page of `sallyport dev`. */
  readonly page: string
  /** The ids of routes that local people may use. */
  readonly routes: readonly string[]
  /** Absent if requests are not recorded. */
  readonly recorder?: Recorder
}

/** A server that remembers the requests that it forwards to agents. */
export interface Recorder {
  readonly url: string
  /** Requests to these origins go through the recorder. */
  readonly agents: readonly string[]
}

/**
 * The header that tells the recorder to which agent it must forward a request. The header itself is
 * not forwarded.
 */
export const TARGET_HEADER = 'x-sallyport-dev-target'

/**
 * Returns the settings of the local identity provider for the `trust` of routes. A prefix marks
 * user ids of local people, who are test users on this machine.
 * @param urls the URLs of routes, which are audiences too: MCP clients request a token for such a
 * URL (RFC 8707)
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
 * Changes routes so that local people (test users on this machine) may use those in `local.routes`,
 * and the page of `sallyport dev` may call all routes. The local identity provider is put first,
 * because MCP clients sign in at the first provider that a route names.
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
 * Returns a `fetch` that sends requests for agents through the recorder. The code that signs
 * assertions still sees the agent's own address.
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

/**
 * The log line that the gateway writes when a client fetches the keys that verify its assertions.
 */
export const KEYS_READ = '{"event":"keys-read"}'

/** The header that marks requests for the gateway's keys that the page of `sallyport dev` sends. */
export const PAGE_HEADER = 'x-sallyport-dev-page'

interface Worker {
  fetch(request: Request, environment: unknown, context: never): Response | Promise<Response>
}

/**
 * The path at which the gateway returns the name of the running build. The name shows whether the
 * gateway runs the last save already.
 */
export const BUILD_PATH = '/.sallyport/dev'

/**
 * Returns a Worker that also answers which build runs, and logs when a client fetches the gateway's
 * keys. So agents that never fetch the keys can be found.
 */
export const observed = (worker: Worker, build: string, log: (line: string) => void): Worker => ({
  fetch(request, environment, context) {
    const { pathname } = new URL(request.url)
    if (pathname === BUILD_PATH) return new Response(build)
    if (pathname === '/.well-known/jwks.json' && !request.headers.has(PAGE_HEADER)) log(KEYS_READ)
    return worker.fetch(request, environment, context)
  },
})
