import type { Agent, Policy, Route } from '../../src/config/define'
import type { RefusalCode } from '../../src/errors/refusals'
import { bearer, forge, policyWithExamples, routeOf } from '../support/fixtures'
import { freePort } from '../support/port'
import { openWorld, type Surroundings, type World } from '../support/world'

/** At least one refusal of each class in docs/errors.md. */
export const CODES = [
  'path-not-canonical',
  'path-too-long',
  'body-too-large',
  'credential-ambiguous',
  'token-missing',
  'token-expired',
  'policy-denied',
  'scope-insufficient',
  'route-unknown',
  'origin-reply-refused',
  'origin-unreachable',
  'configuration-incomplete',
  'origin-timeout',
] as const satisfies readonly RefusalCode[]
export type Code = (typeof CODES)[number]

/**
 * Whether a refusal is plain JSON on every route: if no endpoint is known, the gateway cannot
 * know that it speaks JSON-RPC.
 */
export const isPlain = (code: Code): boolean => ['path-not-canonical', 'path-too-long', 'route-unknown'].includes(code)

/** A gateway with a route for each of these refusals, and for each kind of agent. */
export interface RefusingWorld extends World {
  /** The address that refuses in this way. */
  at(kind: string, code: Code): string
  /** The headers of a request that is refused in this way. */
  headersOf(code: Code): Record<string, string>
  /** The codes of the requests since the last call. A request that was not refused has none. */
  arrived(): Promise<readonly (RefusalCode | undefined)[]>
}

type Kind = 'ag-ui' | 'langgraph' | 'mcp'
const FIRST_BYTE_SECONDS = 60

const policies: Partial<Record<Code, Policy>> = {
  'policy-denied': policyWithExamples({
    id: 'admins',
    allow: [{ name: 'admins', operations: ['*'], when: { role: 'admin' } }],
  }),
  'scope-insufficient': {
    id: 'scoped',
    allow: [{ name: 'with the scope', operations: ['*'], when: { scope: 'agents:admin' } }],
    examples: [
      { as: { scopes: ['agents:admin'] }, does: 'run.stream', expect: 'allow' },
      { as: {}, does: 'run.stream', expect: 'deny' },
    ],
  },
}

/** Opens it. @param more routes beside those that refuse */
export async function openRefusingWorld(
  kinds: readonly Kind[],
  more: (surroundings: Surroundings) => readonly Route[] = () => [],
): Promise<RefusingWorld> {
  const gone = `http://127.0.0.1:${await freePort()}`
  const world = await openWorld((surroundings) => {
    const { origin, trust } = surroundings
    const route = (kind: Kind, code: Code) => {
      const url = code === 'origin-unreachable' ? gone : `${origin.url}/${code}`
      const policy = policies[code]
      const credential = { header: 'x-agent-key', secret: 'NOT_SET' }
      const agent = { kind, origin: { url }, ...(code === 'configuration-incomplete' && { credential }) } as Agent
      return routeOf(agent, trust, {
        id: `${kind}-${code}`,
        path: `/${kind}/${code}`,
        ...(policy && { policies: [policy] }),
        limits: { firstByteSeconds: FIRST_BYTE_SECONDS, ...(code === 'body-too-large' && { bodyBytes: 1 }) },
      })
    }
    const routed = CODES.filter((code) => code !== 'route-unknown')
    return [...kinds.flatMap((kind) => routed.map((code) => route(kind, code))), ...more(surroundings)]
  })
  world.origin.handle((request, response) => {
    if (request.url?.startsWith('/origin-timeout')) return world.gateway.advance(FIRST_BYTE_SECONDS)
    response.writeHead(302, { location: 'http://elsewhere.test/' }).end()
  })
  const expired = bearer(await forge(world.provider, { claims: { iat: 0, exp: 1 } }))
  let counted = 0
  return {
    ...world,
    at(kind, code) {
      const start = code === 'path-not-canonical' ? '//' : '/'
      const end = code === 'path-too-long' ? 'g'.repeat(4096) : ''
      return `${world.gateway.url}${start}${kind}/${code}${end}`
    },
    headersOf(code) {
      if (code === 'token-missing') return {}
      if (code === 'token-expired') return expired
      return code === 'credential-ambiguous' ? bearer('a, Bearer b') : world.bob
    },
    async arrived() {
      await world.gateway.setClock(0)
      // Lines are written in order: those of earlier requests are there once this one has its own.
      await world.gateway.auditOf(await world.gateway.fetch('/after-them'))
      const lines = world.gateway.audit.slice(counted, -1)
      counted = world.gateway.audit.length
      return lines.map(({ code }) => code)
    },
  }
}
