import type { LoadedRoute } from '../../config/loaded-route'
import type { Liveness } from './agents/liveness'
import type { People } from './identity-provider/people.ts'
import { PORT } from './ports'
import type { Addresses, Staged } from './stage'

/** Returns a summary of the gateway and its routes, with a command that prints a token. */
export function summary(
  { configuration: { publicUrl, routes }, local: ids }: Staged,
  people: People,
  addresses: Addresses,
  liveness: Liveness,
): string {
  const lines = [...routes.values()].map((route) => {
    const { id, path: at, adapter, origin } = route
    const agent = `${adapter.kind} at ${origin.host}${origin.root}${answering(liveness.of(id))}`
    return [
      `  ${publicUrl}${at}`,
      route.isForOperators ? 'the list of revocations, for operators' : agent,
      whoMay(route, ids, addresses.provider),
    ].join('\n    ')
  })
  const names = people.all.map(({ sub }) => sub)
  const { port } = new URL(publicUrl)
  return `
The gateway is running. Stop it with Ctrl-C.

${lines.join('\n\n')}

  Local people: ${names.join(', ')} (the password is the name), at ${addresses.provider}
    TOKEN=$(npx sallyport token ${names[0]}${Number(port) === PORT ? '' : ` --port ${port}`})

  Try your routes in a browser, and see what your agents receive:
    ${addresses.page}/
`
}

const answering = (isUp: boolean | undefined): string =>
  isUp === undefined ? '' : isUp ? ', which listens' : ', where nothing listens yet'

function whoMay({ id, isPublic, trust }: LoadedRoute, local: readonly string[], provider: string): string {
  if (isPublic) return 'public'
  const issuers = [...new Set(trust.issuers.map(({ issuer }) => issuer))].filter((issuer) => issuer !== provider)
  if (trust.apiKeys.length > 0) issuers.push('with an API key')
  if (local.includes(id)) return `signed in here${issuers.length === 0 ? '' : `, or at ${issuers.join(', or ')}`}`
  return `signed in at ${issuers.join(', or ')}
    not for local people: this address is where production is. Set its variable in .dev.vars.`
}
