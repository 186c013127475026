/**
 * The gateway of hono.ts on Node. It uses the library jose, which caches the keys that it has
 * fetched.
 */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { proxy } from 'hono/proxy'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { BENCH_PORT, ORIGIN = '', ISSUER = '', AUDIENCE = '', JWKS_URI = '' } = process.env
const keys = createRemoteJWKSet(new URL(JWKS_URI))

const signedIn = createMiddleware<{ Variables: { user: string } }>(async (c, next) => {
  const [scheme, token] = (c.req.header('authorization') ?? '').split(' ')
  if (scheme?.toLowerCase() !== 'bearer' || !token) return c.json({ error: 'unauthorized' }, 401)
  try {
    const { payload } = await jwtVerify(token, keys, { issuer: ISSUER, audience: AUDIENCE, algorithms: ['RS256'] })
    c.set('user', payload.sub ?? '')
  } catch {
    return c.json({ error: 'unauthorized' }, 401)
  }
  await next()
})

const app = new Hono().use('*', signedIn).all('*', (c) => {
  const { pathname, search } = new URL(c.req.url)
  return proxy(ORIGIN + pathname + search, {
    ...c.req,
    headers: { ...c.req.header(), 'x-user-id': c.get('user'), authorization: undefined },
  })
})

serve({ fetch: app.fetch, port: Number(BENCH_PORT), hostname: '127.0.0.1' })
