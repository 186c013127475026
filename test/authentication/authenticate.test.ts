import { describe, expect, it } from 'vitest'
import { authenticate, type Wanted } from '../../src/authentication/authenticate'
import type { Authenticator, CredentialSources } from '../../src/authentication/authenticator'
import { takeBearer } from '../../src/authentication/bearer'
import { Credential } from '../../src/authentication/credential'
import type { Principal } from '../../src/authentication/principal'

const background = { waitUntil: () => undefined }
const sources = (more: Partial<CredentialSources> = {}): CredentialSources => ({
  method: 'GET',
  gatewayUrl: 'https://gate.example.com',
  headers: new Headers(),
  path: '/agents/a',
  query: '',
  inBody: [],
  ...more,
})

/** Takes one header, and takes its value for the user's id. */
const takes = (header: string): Authenticator => ({
  take({ headers }) {
    const value = headers.get(header)
    if (value === null) return undefined
    return {
      credential: new Credential(value),
      verify: async () => ({ userId: value, subject: value.split('|').at(-1) }) as Principal,
    }
  },
})
/** The way into a route that trusts issuers with these prefixes. */
const entrance = (authenticators: readonly Authenticator[], wanted: Wanted, prefixes: readonly string[] = ['']) => ({
  authenticators,
  subjectPrefixes: prefixes,
  wanted,
})
/** Authenticates a request. */
const enter = (
  { wanted, ...way }: ReturnType<typeof entrance>,
  from: CredentialSources,
  now: number,
  waiting: typeof background,
) => authenticate(way, wanted, from, now, waiting)
const refused = (code: string) => expect.objectContaining({ code })

describe('the credential of a request', () => {
  const both = [takes('authorization'), takes('x-api-key')]
  const ask = (headers: Record<string, string>, wanted: Wanted = 'always') =>
    enter(entrance(both, wanted), sources({ headers: new Headers(headers) }), 0, background)

  it('a credential is verified by the authenticator that took it from the request', async () => {
    const { principal, credential } = await ask({ 'x-api-key': 'alice' })
    expect(principal?.userId).toBe('alice')
    expect(credential?.reveal()).toBe('alice')
  })

  it('a request without a credential is refused with token-missing if the route requires a credential', async () => {
    await expect(ask({})).rejects.toEqual(refused('token-missing'))
  })

  it('a request with two kinds of credential that the route trusts is refused with credential-ambiguous', async () => {
    await expect(ask({ authorization: 'alice', 'x-api-key': 'bob' })).rejects.toEqual(refused('credential-ambiguous'))
  })

  it('a credential on a public route is not verified, but is recognised so that it is not forwarded', async () => {
    const { principal, credential } = await ask({ authorization: 'a-token' }, 'never')
    expect(principal).toBeUndefined()
    expect(credential?.isIn('x-a-token')).toBe(true)
    for (const form of ['a%2dtoken', 'a%252dtoken', '%2561-token', 'a-toke%6e%2e'])
      expect([form, credential?.isIn(form)]).toEqual([form, true])
    // One round shows it, and the next one hides it again.
    expect(credential?.isIn('%2%35a-token')).toBe(true)
    expect(await ask({}, 'never')).toEqual({ credential: undefined, principal: undefined })
  })
})

describe('user ids and the subject prefixes of issuers', () => {
  const ask = (name: string, prefixes: readonly string[]) =>
    enter(
      entrance([takes('authorization')], 'always', prefixes),
      sources({ headers: new Headers({ authorization: name }) }),
      0,
      background,
    )

  it.each([
    ['partner|7', ['', 'partner|', 'p'], 'the prefix of the partner, then 7'],
    ['partner', ['', 'partner|'], 'only a part of a prefix'],
    ['other|7', ['', 'partner|'], 'no prefix'],
  ])('the user id %s is accepted with the subject prefixes %j, because it has %s', async (name, prefixes) => {
    expect((await ask(name, prefixes)).principal?.userId).toBe(name)
  })

  it.each([
    ['partner|7', ['', 'partner|7']],
    ['partner-7', ['', 'partner-']],
    ['key:bob', ['', 'p|', 'key:']],
  ])('the user id %s is refused with the subject prefixes %j', async (name, prefixes) => {
    await expect(ask(name, prefixes)).rejects.toMatchObject({
      code: 'token-invalid',
      reason: 'subject',
      extras: { mismatch: { found: name, setting: 'subjectPrefix' } },
    })
  })
})

describe('credentials that are also in the URL', () => {
  const key = 'key-of-alice-that-is-long-enough'
  const headers = new Headers({ 'x-api-key': key })
  it.each([
    ['query', { query: `?key=${key}` }],
    ['path', { path: `/agents/${key}` }],
    ['query, encoded', { query: `?key=${key.replace('k', '%6b')}` }],
  ])('a request with its credential also in the URL is refused with token-in-url (%s)', async (_where, where) => {
    for (const wanted of ['always', 'if-told', 'never'] as const) {
      const asked = enter(entrance([takes('x-api-key')], wanted), sources({ headers, ...where }), 0, background)
      await expect(asked).rejects.toEqual(refused('token-in-url'))
    }
  })
})

describe('routes with an optional credential', () => {
  const ask = (headers: Record<string, string>) =>
    enter(
      entrance([takes('authorization'), takes('x-api-key')], 'if-told'),
      sources({ headers: new Headers(headers) }),
      0,
      background,
    )

  it('a request without a credential is accepted without a person if the credential is optional', async () => {
    expect(await ask({})).toEqual({ credential: undefined, principal: undefined })
  })

  it('a request with two different credentials is refused even if the credential is optional', async () => {
    expect((await ask({ authorization: 'alice' })).principal?.userId).toBe('alice')
    await expect(ask({ authorization: 'alice', 'x-api-key': 'bob' })).rejects.toEqual(refused('credential-ambiguous'))
  })
})

describe('the bearer token of a request', () => {
  const token = 'header.payload.signature'
  const headers = new Headers({ authorization: `Bearer ${token}` })

  it.each([
    ['header', { headers }],
    ['body, without its scheme', { inBody: [token] }],
    ['body, with its scheme', { inBody: [`Bearer ${token}`] }],
    ['header and body, the same', { headers, inBody: [token, `bearer ${token}`] }],
    ['header, beside places of the body that are empty', { headers, inBody: ['', null] }],
  ])('the bearer token of a request is taken from the %s', (_where, where) => {
    expect(takeBearer(sources(where))?.reveal()).toBe(token)
  })

  it.each([
    ['another scheme', { headers: new Headers({ authorization: 'Basic eA==' }) }],
    ['nothing', {}],
  ])('a request has no bearer token if it has %s', (_what, where) => {
    expect(takeBearer(sources(where))).toBeUndefined()
  })

  it.each([
    ['another token in the body', { headers, inBody: ['other.token.here'] }, 'credential-ambiguous'],
    ['two tokens in the body', { inBody: [token, 'other.token.here'] }, 'credential-ambiguous'],
    ['an object in the body', { inBody: [{}] }, 'credential-ambiguous'],
    ['two headers', { headers: new Headers({ authorization: `Bearer ${token}, Bearer b` }) }, 'credential-ambiguous'],
  ])('a bearer token is refused with credential-ambiguous if the request has %s', (_what, where, code) => {
    expect(() => takeBearer(sources(where as Partial<CredentialSources>))).toThrow(refused(code))
  })
})
