import { afterAll, beforeAll, expect, it } from 'vitest'
import { explainToken } from '../../src/authentication/jwt/explain'
import { keySet, select } from '../../src/authentication/jwt/loaded-keys'
import { traffic } from '../../src/cli/dev/traffic'
import { explanationText } from '../../src/cli/explain/explanation-text'
import { compileIssuer } from '../../src/config/compile-issuer'
import { refusals } from '../../src/errors/refusals'
import { bearer, issuerOf, openHttp, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'
import { type Issuers, publicKeys, publishes, startIssuers } from '../support/issuers'
import { privateKey } from '../support/keys'
import { type RecordingOrigin, startOrigin } from '../support/origin'
import { segment, signRaw, signSymmetric } from '../support/tokens'
import { HOUR, now } from './provider'

/*
 * The commonest refusals of tokens, as the caller, the console of `npm start`, the audit line and
 * `explain` show them.
 */

const [key, other] = await Promise.all([privateKey('RS256'), privateKey('RS256')])
let issuers: Issuers
let origin: RecordingOrigin
let gateway: TestGateway

beforeAll(async () => {
  ;[issuers, origin] = await Promise.all([startIssuers(), startOrigin()])
  issuers.set('login', { jwks: publishes(publicKeys(key)) })
  gateway = await startGateway({ routes: [routeOf(openHttp(origin.url), [issuer()])] })
})
afterAll(async () => {
  await gateway?.close()
  await Promise.all([issuers?.close(), origin?.close()])
})

const issuer = () => issuerOf(issuers.issuer('login'), { algorithms: ['RS256'] })
const claims = (more: object = {}) => ({
  iss: issuers.issuer('login'),
  aud: 'agents',
  sub: 'alice',
  iat: now - 5,
  exp: now + 600,
  ...more,
})
const sign = (more: object = {}, header: object = {}, by = key) =>
  signRaw({ alg: 'RS256', kid: key.kid, typ: 'JWT', ...header }, claims(more), by)
const INVALID = refusals['token-invalid'].detail
const EXPIRED = 'The token has expired. Get a fresh one and try again.'

interface Case {
  readonly token: () => string
  readonly reason: string
  /** Words of what was found and of what was expected. */
  readonly found: RegExp
  readonly expected: RegExp
  readonly code?: string
}

const iso = String.raw`\d{4}-\d\d-\d\dT`
const cases: Readonly<Record<string, Case>> = {
  'a token for another API': {
    token: () => sign({ aud: 'other' }),
    reason: 'audience',
    found: /^other$/,
    expected: /^agents$/,
  },
  'a token without an audience': {
    token: () => sign({ aud: undefined }),
    reason: 'claim-missing aud',
    found: /^nothing$/,
    expected: /^agents$/,
  },
  'an expired token': {
    token: () => sign({ iat: now - 700, exp: now - 100 }),
    reason: '',
    found: new RegExp(iso),
    expected: new RegExp(`later than ${iso}`),
    code: 'token-expired',
  },
  'a token with a slash too many in its issuer': {
    token: () => sign({ iss: `${issuers.issuer('login')}/` }),
    reason: 'issuer',
    found: /\/login\/$/,
    expected: /\/login$/,
  },
  'an ID token': {
    token: () => sign({ at_hash: 'h' }),
    reason: 'id-token',
    found: /at_hash/,
    expected: /an access token/,
  },
  'a refresh token': {
    token: () => sign({ typ: 'Refresh' }),
    reason: 'refresh-token',
    found: /Refresh/,
    expected: /an access token/,
  },
  'a reference token': {
    token: () => 'Kx9vQ2mPz7sLd4Rt8WnYb3Hc',
    reason: 'opaque',
    found: /only its provider can read/,
    expected: /a signed JWT/,
  },
  'an encrypted token': {
    token: () => `${segment({ alg: 'dir', enc: 'A256GCM' })}..AAAA.AAAA.AAAA`,
    reason: 'encrypted',
    found: /encrypted/,
    expected: /a signed JWT/,
  },
  'a token with a key that the issuer does not publish': {
    token: () => sign({}, { kid: other.kid }, other),
    reason: 'key',
    found: /the key .*, which the issuer does not publish/,
    expected: /a key of the issuer/,
  },
  'a token with a signature by another key': {
    token: () => sign({}, {}, other),
    reason: 'signature',
    found: /no key of the issuer verifies/,
    expected: /by a key of the issuer/,
  },
  'a token signed with a shared secret': {
    token: () => signSymmetric({ kid: key.kid }, claims(), 'secret'),
    reason: 'algorithm',
    found: /^HS256$/,
    expected: /^RS256$/,
  },
  'a token that lives too long': {
    token: () => sign({ exp: now + 48 * HOUR }),
    reason: 'lifetime',
    found: /^172805 seconds$/,
    expected: /^at most 86400 seconds$/,
  },
}

it.each(Object.entries(cases))(
  'the reply, the audit line, the console of sallyport dev and sallyport explain show the refusal of %s',
  async (_what, { token: make, reason, found, expected, code = 'token-invalid' }) => {
    const token = make()
    const reply = await gateway.fetch('/agents/http/x', { headers: bearer(token) })
    // The caller: the code, and what to do.
    const told = await reply.json()
    expect([reply.status, told.code, told.detail]).toEqual([401, code, code === 'token-expired' ? EXPIRED : INVALID])
    // The audit line.
    const audit = await gateway.auditOf(reply)
    expect(audit.reason ?? '').toBe(reason)
    expect(audit.mismatch?.found).toMatch(found)
    expect(audit.mismatch?.expected).toMatch(expected)
    // The console.
    const line = traffic(JSON.stringify(audit)) ?? ''
    expect(line).toContain(reason === '' ? `401  -       GET     /agents/http/x  ${code}` : `${code} (${reason})`)
    expect(line).toContain(`found ${audit.mismatch?.found}, expected ${audit.mismatch?.expected}`)
    // The command.
    const trusted = compileIssuer(issuer(), {})
    const set = keySet({ keys: publicKeys(key), fetchedAt: 0, maxAgeMs: undefined })
    const explained = await explainToken(token, trusted, (_issuer, alg, kid) => select(set, alg, kid), Date.now())
    const text = explanationText(explained, [])
    expect(text).toContain(`refuses this token: ${code}${reason === '' ? '' : `, reason "${reason}"`}.`)
    expect(text).toMatch(/✗ .+\n {4}found .+\n {4}expected /)
    // No output repeats the token.
    for (const part of [token, ...token.split('.')].filter((each) => each.length > 20))
      expect([JSON.stringify(told), JSON.stringify(audit), line, text].join()).not.toContain(part)
  },
)
