/**
 * A gateway as a developer would write it with Hono in an afternoon. It verifies the token, adds
 * the user, and forwards the request.
 */
import { Hono } from 'hono'
import { jwk } from 'hono/jwk'
import { proxy } from 'hono/proxy'
import type { HonoJsonWebKey } from 'hono/utils/jwt/jws'

interface Bindings {
  ORIGIN: string
  ISSUER: string
  AUDIENCE: string
  JWKS_URI: string
  /** The keys as JSON, so that no keys are fetched. */
  KEYS?: string
}

let inline: HonoJsonWebKey[] | undefined

const app = new Hono<{ Bindings: Bindings; Variables: { jwtPayload: { sub: string } } }>()

app.use('*', (c, next) => {
  const { ISSUER, AUDIENCE, JWKS_URI, KEYS } = c.env
  if (KEYS) inline ??= JSON.parse(KEYS) as HonoJsonWebKey[]
  const source = inline ? { keys: inline } : { jwks_uri: JWKS_URI }
  return jwk({ ...source, alg: ['RS256'], verification: { iss: ISSUER, aud: AUDIENCE, typ: 'at+jwt' } })(c, next)
})

app.all('*', (c) => {
  const { pathname, search } = new URL(c.req.url)
  return proxy(c.env.ORIGIN + pathname + search, {
    ...c.req,
    headers: { ...c.req.header(), 'x-user-id': c.get('jwtPayload').sub, authorization: undefined },
  })
})

export default app
