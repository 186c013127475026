import fc from 'fast-check'
import { importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { jwt } from '../../../src/authentication/jwt/authenticator'
import { type Explanation, explainToken, type KeysFor } from '../../../src/authentication/jwt/explain'
import type { TrustedIssuer } from '../../../src/authentication/jwt/trusted-issuer'
import { VerifiedTokens } from '../../../src/authentication/jwt/verified'
import { Refusal } from '../../../src/errors/refusal'
import { goodClaims } from '../../support/fixtures'
import { trustedIssuer } from '../../support/issuers'
import { privateKey, publicJwk } from '../../support/keys'
import { segment, signRaw } from '../../support/tokens'

const [key, other] = await Promise.all([privateKey('ES256'), privateKey('ES256')])
const NOW = Date.UTC(2026, 10, 28, 12)
const seconds = NOW / 1000
const issuer = trustedIssuer({ requiredClaims: ['email'] })
const published = (await importJWK(publicJwk(key), 'ES256')) as CryptoKey
const keysFor: KeysFor = async (_issuer, _alg, kid) => (kid === key.kid ? [published] : [])

const claims = (more: object = {}) => ({
  ...goodClaims(issuer.issuer),
  email: 'alice@example.com',
  roles: ['member'],
  iat: seconds - 60,
  exp: seconds + 600,
  ...more,
})
const sign = (more: object = {}, header: object = {}, by = key) =>
  signRaw({ alg: 'ES256', kid: key.kid, typ: 'at+jwt', ...header }, claims(more), by)
const explain = (token: string, trust: TrustedIssuer[] = [issuer], keys = keysFor): Promise<Explanation> =>
  explainToken(token, trust, keys, NOW)
const failed = ({ steps }: Explanation) => steps.filter(({ passed }) => passed === false).map(({ on }) => on)

/** The gateway's verdict on a token, by the way that requests take. */
async function judged(token: string): Promise<string> {
  const keys = {
    isCurrent: () => false,
    async keysFor(...question: Parameters<KeysFor>) {
      const found = await keysFor(...question)
      if (found.length === 0) throw new Refusal('token-invalid', 'key')
      return found as readonly CryptoKey[]
    },
  }
  const headers = new Headers({ authorization: `Bearer ${token}` })
  const sources = { method: 'GET', gatewayUrl: '', path: '/', query: '', headers, inBody: [] }
  const way = { route: 'any', tokenHeader: undefined, pageOrigins: new Set<string>(), isOther: () => false }
  try {
    const presented = jwt.authenticator([issuer], { keys, verified: new VerifiedTokens() }, way).take(sources)
    await presented?.verify(NOW, { waitUntil: () => undefined })
    return 'accepted'
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    return thrown.code === 'token-expired' ? 'expired' : String(thrown.reason)
  }
}

it('the explanation of a good token names its person and says that every check has passed', async () => {
  const found = await explain(sign())
  expect(found.verdict).toBe('accepted')
  expect(found.steps.every(({ passed }) => passed)).toBe(true)
  expect(found.principal).toMatchObject({ userId: 'alice', kind: 'user', roles: ['member'] })
})

it('the explanation of a bad token names every fault, and the fault that the gateway reports first', async () => {
  const found = await explain(sign({ aud: 'other', exp: seconds - 100, email: undefined, nonce: 'n' }))
  expect(found.verdict).toBe('audience')
  expect(failed(found)).toEqual(['aud', 'exp', 'the kind of token', 'required claims'])
  expect(found.steps.find(({ on }) => on === 'aud')).toEqual({
    on: 'aud',
    passed: false,
    found: 'other',
    expected: 'agents',
    setting: 'audience',
  })
  // It is said who it would be.
  expect(found.principal?.userId).toBe('alice')
})

describe('text that is not a signed JWT', () => {
  it.each([
    ['a reference', 'Kx9vQ2mPz7sLd4Rt8WnYb3Hc', 'opaque', 'only its provider'],
    ['data protection of .NET', `CfDJ8${'a'.repeat(60)}`, 'opaque', 'only its provider'],
    [
      'a token of Auth0 without an audience',
      `${segment({ alg: 'dir', enc: 'A256GCM' })}..AAAA.AAAA.AAAA`,
      'encrypted',
      'Auth0',
    ],
    ['half a token', sign().slice(0, 200), 'form', 'cut'],
  ])(
    'the explanation of text that is not a signed JWT says what the text looks like: %s',
    async (_what, token, verdict, words) => {
      const found = await explain(token)
      expect(found.verdict).toBe(verdict)
      expect(found.steps[0]?.found).toContain(words)
    },
  )
})

it('the explanation of a token from an unknown issuer shows its iss and the expected issuer', async () => {
  const { steps, verdict } = await explain(sign({ iss: `${issuer.issuer}/` }))
  expect(verdict).toBe('issuer')
  expect(steps.at(-1)).toMatchObject({ on: 'iss', found: `${issuer.issuer}/`, expected: issuer.issuer })
})

it('the explanation of a token refuses a user id that could belong to another issuer, as the gateway does', async () => {
  const other = { ...issuer, id: 'other', issuer: 'https://other.example.com', subjectPrefix: 'b:' }
  const found = await explain(sign({ sub: 'b:bob' }), [issuer, other])
  expect(found.verdict).toBe('subject')
  expect(failed(found)).toEqual(['the user id'])
  expect((await explain(sign({ sub: 'b:bob' }))).verdict).toBe('accepted')
})

it('the explanation of a token leaves the check of its signature open if the keys are unknown', async () => {
  const found = await explain(sign(), [issuer], async () => 'unknown')
  expect(found.verdict).toBe('accepted')
  expect(found.steps.find(({ on }) => on === 'the signature')?.passed).toBeUndefined()
})

it('the explanation of any token has the same verdict as the gateway, and repeats no part of the token', async () => {
  /** Each is one thing that differs from a good token. */
  const oddClaims: readonly object[] = [
    ...['other', ['agents'], [7], null].map((aud) => ({ aud })),
    ...[seconds - 100, 'x', undefined].map((exp) => ({ exp })),
    ...[seconds + 600, 'x'].flatMap((time) => [{ nbf: time }, { iat: time }]),
    ...['', 7, undefined].map((sub) => ({ sub })),
    ...[{ nonce: 'n' }, { typ: 'ID' }, { typ: 'Refresh' }, { cnf: { jkt: 'x' } }, { email: null }, { extra: 1 }],
    { iss: 'https://evil.example' },
  ]
  const oddHeader: readonly object[] = [
    ...['RS256', 'none'].map((alg) => ({ alg })),
    ...['unknown', 7].map((kid) => ({ kid })),
    ...['JWT', 'logout+jwt'].map((typ) => ({ typ })),
    { crit: ['x'] },
  ]
  const few = (list: readonly object[]) =>
    fc.array(fc.constantFrom(...list), { maxLength: 2 }).map((parts): object => Object.assign({}, ...parts))
  const verdicts = new Set<string>()
  await fc.assert(
    fc.asyncProperty(few(oddClaims), few(oddHeader), fc.constantFrom(key, key, other), async (more, head, by) => {
      const token = signRaw({ alg: 'ES256', kid: key.kid, typ: 'at+jwt', ...head }, claims(more), by, 'ES256')
      const found = await explain(token)
      verdicts.add(found.verdict)
      expect(found.verdict).toBe(await judged(token))
      expect(found.verdict === 'accepted').toBe(failed(found).length === 0)
      for (const part of [token, ...token.split('.')]) expect(JSON.stringify(found.steps)).not.toContain(part)
    }),
    { numRuns: 500 },
  )
  expect([...verdicts]).toEqual(expect.arrayContaining(['accepted', 'issuer', 'signature', 'algorithm']))
})
