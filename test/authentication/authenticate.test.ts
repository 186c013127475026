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

  it('is verified by the authenticator that took it', async () => {
    const { principal, credential } = await ask({ 'x-api-key': 'alice' })
    expect(principal?.userId).toBe('alice')
    expect(credential?.reveal()).toBe('alice')
  })

  it('is required: a request without one is refused', async () => {
    await expect(ask({})).rejects.toEqual(refused('token-missing'))
  })

  it('must be one: two kinds that the route trusts are refused', async () => {
    await expect(ask({ authorization: 'alice', 'x-api-key': 'bob' })).rejects.toEqual(refused('credential-ambiguous'))
  })

  it('is not verified on a public route, but is taken so that it is not forwarded', async () => {
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

describe('a user id that could be a person of another issuer', () => {
  const ask = (name: string, prefixes: readonly string[]) =>
    enter(
      entrance([takes('authorization')], 'always', prefixes),
      sources({ headers: new Headers({ authorization: name }) }),
      0,
      background,
    )

  it.each([
    ['partner|7', ['', 'partner|', 'p'], '7 of the partner'],
    ['partner', ['', 'partner|'], 'a part of a prefix'],
    ['other|7', ['', 'partner|'], 'no prefix'],
  ])('%s is accepted with the prefixes %j: %s', async (name, prefixes) => {
    expect((await ask(name, prefixes)).principal?.userId).toBe(name)
  })

  it.each([
    ['partner|7', ['', 'partner|7']],
    ['partner-7', ['', 'partner-']],
    ['key:bob', ['', 'p|', 'key:']],
  ])('%s is refused with the prefixes %j', async (name, prefixes) => {
    await expect(ask(name, prefixes)).rejects.toMatchObject({ code: 'token-invalid', reason: 'subject' })
  })
})

describe('a credential that is in the URL as well', () => {
  const key = 'key-of-alice-that-is-long-enough'
  const headers = new Headers({ 'x-api-key': key })
  it.each([
    ['query', { query: `?key=${key}` }],
    ['path', { path: `/agents/${key}` }],
    ['query, encoded', { query: `?key=${key.replace('k', '%6b')}` }],
  ])('is refused, whatever its kind (%s)', async (_where, where) => {
    for (const wanted of ['always', 'if-told', 'never'] as const) {
      const asked = enter(entrance([takes('x-api-key')], wanted), sources({ headers, ...where }), 0, background)
      await expect(asked).rejects.toEqual(refused('token-in-url'))
    }
  })
})

describe('a request on a route where a credential is optional', () => {
  const ask = (headers: Record<string, string>) =>
    enter(
      entrance([takes('authorization'), takes('x-api-key')], 'if-told'),
      sources({ headers: new Headers(headers) }),
      0,
      background,
    )

  it('passes without one, as no one', async () => {
    expect(await ask({})).toEqual({ credential: undefined, principal: undefined })
  })

  it('is refused if it has two different credentials', async () => {
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
  ])('is taken from the %s', (_where, where) => {
    expect(takeBearer(sources(where))?.reveal()).toBe(token)
  })

  it.each([
    ['another scheme', { headers: new Headers({ authorization: 'Basic eA==' }) }],
    ['nothing', {}],
  ])('is absent if there is %s', (_what, where) => {
    expect(takeBearer(sources(where))).toBeUndefined()
  })

  it.each([
    ['another token in the body', { headers, inBody: ['other.token.here'] }, 'credential-ambiguous'],
    ['two tokens in the body', { inBody: [token, 'other.token.here'] }, 'credential-ambiguous'],
    ['an object in the body', { inBody: [{}] }, 'credential-ambiguous'],
    ['two headers', { headers: new Headers({ authorization: `Bearer ${token}, Bearer b` }) }, 'credential-ambiguous'],
  ])('is refused if there is also %s', (_what, where, code) => {
    expect(() => takeBearer(sources(where as Partial<CredentialSources>))).toThrow(refused(code))
  })
})
