import { createRequire } from 'node:module'
import path from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root } from '../support/build'
import { bearer, issuerOf, openHttp, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'
import { type NodeServer, startNodeServer } from '../support/node-server'
import { type RecordingOrigin, startOrigin } from '../support/origin'
import { ready } from '../support/packages'
import { refused } from '../support/refusal'

/*
 * Better Auth itself, with its JWT plugin: a provider without a preset, whose keys are beside its
 * issuer.
 */

// biome-ignore lint/suspicious/noExplicitAny: the package is installed by the tests alone, so its types are not at hand
type Package = any

let provider: NodeServer
let origin: RecordingOrigin
let gateway: TestGateway
/** Asks the provider, as a browser of its own page does. */
let ask: (path: string, body?: object, cookie?: string) => Promise<Response>

beforeAll(async () => {
  await ready('test/providers')
  const load = createRequire(path.join(root, 'test/providers/package.json'))
  const { betterAuth }: Package = await import(load.resolve('better-auth'))
  const { jwt }: Package = await import(load.resolve('better-auth/plugins'))
  const { memoryAdapter }: Package = await import(load.resolve('better-auth/adapters/memory'))
  const { toNodeHandler }: Package = await import(load.resolve('better-auth/node'))
  let handler: (request: unknown, response: unknown) => void = () => undefined
  provider = await startNodeServer((request: unknown, response: unknown) => handler(request, response))
  const auth = betterAuth({
    baseURL: provider.url,
    secret: 'a secret of this test, of no use elsewhere',
    database: memoryAdapter({ user: [], session: [], account: [], verification: [], jwks: [] }),
    emailAndPassword: { enabled: true },
    telemetry: { enabled: false },
    plugins: [jwt({ jwt: { issuer: provider.url, audience: 'agents' } })],
  })
  handler = toNodeHandler(auth)
  ask = (at, body, cookie) =>
    fetch(`${provider.url}/api/auth${at}`, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', origin: provider.url, ...(cookie && { cookie }) },
      ...(body && { body: JSON.stringify(body) }),
    })
  origin = await startOrigin()
  const issuer = issuerOf(provider.url, { algorithms: ['EdDSA'], jwksUri: `${provider.url}/api/auth/jwks` })
  gateway = await startGateway({ routes: [routeOf(openHttp(origin.url), [issuer])] })
}, 300_000)
afterAll(async () => {
  await gateway?.close()
  await Promise.all([provider?.close(), origin?.close()])
})

it('a token that Better Auth issued is accepted, and the same token with a forged signature is refused', async () => {
  const person = { name: 'Alice', email: 'alice@acme.example', password: 'correct horse battery' }
  const signedUp = await ask('/sign-up/email', person)
  expect(signedUp.status).toBe(200)
  const cookie = signedUp.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
  const { token } = (await (await ask('/token', undefined, cookie)).json()) as { token: string }
  const reply = await gateway.fetch('/agents/http/x', { headers: bearer(token) })
  expect(reply.status).toBe(200)
  const told = decodeJwt(String(origin.last().headers['x-sallyport-assertion']))
  const { user } = (await signedUp.json()) as { user: { id: string } }
  expect(told).toMatchObject({ sub: user.id, caller: 'user', email: person.email, name: 'Alice' })

  const [header, payload, signature = ''] = token.split('.')
  const forged = `${header}.${payload}.${Buffer.from(signature, 'base64url').reverse().toString('base64url')}`
  expect(await refused(await gateway.fetch('/agents/http/x', { headers: bearer(forged) }))).toEqual({
    status: 401,
    code: 'token-invalid',
  })
})
