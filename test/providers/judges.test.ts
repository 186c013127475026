import { createPublicKey } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { privateKey, publicJwk } from '../support/keys'
import { type RecordingOrigin, startOrigin } from '../support/origin'
import { type Judged, judgesOf } from './judges'
import { algorithmOf, type Claims, tokenOf } from './provider'
import { providers } from './providers'

const ours = { RS256: await privateKey('RS256'), ES384: await privateKey('ES384') }
const others = { RS256: await privateKey('RS256'), ES384: await privateKey('ES384') }
let keys: RecordingOrigin
let judges: Partial<Record<keyof typeof providers, Judged>>

beforeAll(async () => {
  const pem = createPublicKey({ key: publicJwk(ours.RS256) as never, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  })
  keys = await startOrigin((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    const set = request.url === '/pem' ? { [ours.RS256.kid ?? '']: pem } : { keys: [publicJwk(ours.RS256)] }
    response.end(JSON.stringify(set))
  })
  judges = await judgesOf(ours.RS256, ours.ES384, keys.url)
}, 300_000)
afterAll(() => keys?.close())

const judged = [
  'entra',
  'entraVersion1',
  'auth0',
  'okta',
  'cognito',
  'clerk',
  'workos',
  'supabase',
  'firebase',
  'google',
  'cloudflareAccess',
  'aws',
  'githubActions',
] as const

describe.each(judged)('the token library of %s', (name) => {
  const provider = providers[name]
  const key = ours[algorithmOf(provider)]
  const other = others[algorithmOf(provider)]
  const judge = (token: string) => judges[name]?.judge(token) ?? Promise.reject(new Error('no judge'))
  const made = (by: typeof key, change: { readonly with?: Claims; readonly header?: Claims } = {}) =>
    tokenOf(provider, by, { ...change, with: { ...change.with, ...judges[name]?.asks } })

  it.each(Object.entries(provider.accepts))(
    'the token library of the provider accepts a token that the gateway accepts: %s',
    async (_what, change) => {
      await expect(judge(made(key, change))).resolves.toBeTruthy()
    },
  )

  it('the token library of the provider refuses an expired token, and a token with another signature', async () => {
    await expect(judge(made({ ...other, kid: key.kid ?? '' }))).rejects.toThrow()
    await expect(judge(made(key, { with: { iat: 1, exp: 2, auth_time: 1 } }))).rejects.toThrow()
  })
})
