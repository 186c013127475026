/**
 * Lets in only what comes through Sallyport, and gives every thread to the user who made it.
 *
 * Two variables say whom to believe: SALLYPORT_URL, the gateway's PUBLIC_URL, and SALLYPORT_AUDIENCE, the id of the route
 * that leads here. Without them the server does not start.
 */
import { Auth, HTTPException } from '@langchain/langgraph-sdk/auth'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const issuer = required('SALLYPORT_URL').replace(/\/$/, '')
const audience = required('SALLYPORT_AUDIENCE')
/** Keeps the gateway's public keys, and asks again when it sees a key that it does not know. */
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`))

function required(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} must be set.`)
  return value
}

/**
 * Commands and their events. The server keeps the user who first opened a thread's session, and runs the commands of all who
 * come later as that user; so nobody gets one here.
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

  // `sub` is unique on a route: where several identity providers are trusted, the gateway insists on a prefix for all but
  // one. `idp` says which of them it was. The assertion itself is left out: what stands here is stored with every run.
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

// Everything that is not named below is refused: changing assistants, crons, the store, and what later versions add.
auth.on('*', () => false)

auth.on('assistants:read', () => true)
auth.on('assistants:search', () => true)

// Threads and their runs: new ones are stamped with their owner, and only the owner finds them.
auth.on('threads', ({ action, value, user }) => {
  const owner = { owner: user.identity }
  // Also on update, or a thread could be given to somebody else.
  if (['create', 'create_run', 'update'].includes(action)) {
    const changed = value as { metadata?: Record<string, unknown> }
    changed.metadata = Object.assign(changed.metadata ?? {}, owner)
  }
  return owner
})
