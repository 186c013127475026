/**
 * Accepts only requests that come through Sallyport, and gives every thread to the user who made
 * it.
 *
 * Two variables name the trusted gateway: SALLYPORT_URL is its PUBLIC_URL, and SALLYPORT_AUDIENCE
 * is the id of the route to this server. Without them the server does not start.
 */
import { Auth, HTTPException } from '@langchain/langgraph-sdk/auth'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const issuer = required('SALLYPORT_URL').replace(/\/$/, '')
const audience = required('SALLYPORT_AUDIENCE')
/** Caches the gateway's public keys, and fetches them again when it sees an unknown key. */
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`))

function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} must be set.`)
  return value
}

/**
 * Matches the addresses of a session (commands and their events). The server runs all commands in a
 * thread's session as the user who opened it first. So this file refuses sessions.
 */
const SESSIONS = /^\/threads\/[^/]+\/(commands|stream\/events)\/?$/

async function verify(assertion: string) {
  try {
    const options = {
      algorithms: ['ES256'],
      issuer,
      audience,
      clockTolerance: 5,
      requiredClaims: ['exp', 'iat', 'sub'],
    }
    return (await jwtVerify(assertion, keys, options)).payload
  } catch {
    throw new HTTPException(401, { message: 'Not an assertion of the gateway.' })
  }
}

export const auth = new Auth()

auth.authenticate(async (request) => {
  if (SESSIONS.test(decodeURI(new URL(request.url).pathname)))
    throw new HTTPException(403, { message: 'This server has runs, but no sessions.' })
  const [, assertion] = /^bearer ([^ ]+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
  if (!assertion) throw new HTTPException(401, { message: 'This server is reached through its gateway.' })
  const { sub, name, email, scope, roles, tenant, idp } = await verify(assertion)
  if (!sub) throw new HTTPException(401, { message: 'The assertion names nobody.' })

  // `sub` is unique on a route: if a route trusts several identity providers, the gateway requires
  // a prefix for all but one. `idp` names the identity provider. The assertion itself is left out,
  // because this object is stored with every run.
  return {
    identity: sub,
    display_name: typeof name === 'string' ? name : sub,
    email,
    permissions: typeof scope === 'string' ? scope.split(' ').filter(Boolean) : [],
    roles,
    tenant,
    idp,
  }
})

// All other operations are refused: changing assistants, crons, the store, and operations of later
// versions.
auth.on('*', () => false)

auth.on('assistants:read', () => true)
auth.on('assistants:search', () => true)

// Writes the owner into new threads and runs, and lets only the owner find them.
auth.on('threads', ({ action, value, user }) => {
  const owner = { owner: user.identity }
  // This is also done on update. Otherwise a user could give a thread to another user.
  if (['create', 'create_run', 'update'].includes(action)) {
    const changed = value as { metadata?: Record<string, unknown> }
    changed.metadata = Object.assign(changed.metadata ?? {}, owner)
  }
  return owner
})
