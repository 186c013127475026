import fc from 'fast-check'
import { importJWK, type JWK } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { Credential } from '../../../src/authentication/credential'
import type { KeyStore } from '../../../src/authentication/jwt/issuer-keys'
import type { TrustedIssuer } from '../../../src/authentication/jwt/trusted-issuer'
import { VerifiedTokens } from '../../../src/authentication/jwt/verified'
import { verify } from '../../../src/authentication/jwt/verify'
import { Refusal } from '../../../src/errors/refusal'
import { goodClaims } from '../../support/fixtures'
import { trustedIssuer } from '../../support/issuers'
import { privateKey, publicJwk } from '../../support/keys'
import { replaceAt, signRaw } from '../../support/tokens'

/* The store of tokens that were verified, without a gateway around it. */

const key = await privateKey('ES256')
const NOW = Date.UTC(2026, 10, 23, 12)
const issuer = trustedIssuer()
const background = { waitUntil: () => undefined }
const imported = async (jwk: JWK) => (await importJWK(publicJwk(jwk), 'ES256')) as CryptoKey

let published: CryptoKey | undefined
let isFresh: boolean
let verified: VerifiedTokens
const keys: KeyStore = {
  isCurrent: (_issuer, key) => isFresh && key === published,
  async keysFor() {
    if (!published) throw new Refusal('keys-unavailable')
    return [published]
  },
}

beforeEach(async () => {
  published = await imported(key)
  verified = new VerifiedTokens()
  isFresh = true
})

const claims = (more: object = {}) => ({
  ...goodClaims(issuer.issuer),
  iat: NOW / 1000 - 60,
  exp: NOW / 1000 + 600,
  ...more,
})
const sign = (payload: unknown) => signRaw({ alg: 'ES256', kid: key.kid, typ: 'at+jwt' }, payload, key)
const at = (token: string, now = NOW, trust: readonly TrustedIssuer[] = [issuer]) =>
  verify(new Credential(token), trust, { keys, verified }, now, background)
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'ok',
    (thrown: Refusal) => thrown.code,
  )

describe('tokens that were already verified', () => {
  it('a token that was already verified gives the same principal object', async () => {
    const token = sign(claims())
    expect(await at(token)).toBe(await at(token))
  })

  it('a token that was already verified expires to the second (F5)', async () => {
    const token = sign(claims())
    await at(token)
    expect(await outcome(at(token, NOW + 629_999))).toBe('ok')
    expect(await outcome(at(token, NOW + 630_000))).toBe('token-expired')
    await expect(at(token, NOW + 630_000)).rejects.toMatchObject({
      extras: {
        mismatch: {
          found: '2026-11-23T12:10:00.000Z',
          expected: 'later than 2026-11-23T12:10:00.000Z',
          setting: 'clockSkewSeconds',
        },
      },
    })
  })

  it('a verified token is refused before its nbf if the clock was set back', async () => {
    const token = sign(claims({ nbf: NOW / 1000 - 30 }))
    await at(token)
    expect(await outcome(at(token, NOW - 120_000))).toBe('token-invalid')
  })

  it('a verified token is refused once its issuer has another key with the same kid', async () => {
    const token = sign(claims())
    await at(token)
    const other = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
    published = other.publicKey
    expect(await outcome(at(token))).toBe('token-invalid')
  })

  it('a verified token gets keys-unavailable while the keys of its issuer cannot be fetched (F3)', async () => {
    const token = sign(claims())
    await at(token)
    published = undefined
    expect(await outcome(at(token))).toBe('keys-unavailable')
  })

  it('a verified token stays valid after its keys are refreshed if the same key is still published', async () => {
    const token = sign(claims())
    await at(token)
    isFresh = false
    expect(await outcome(at(token))).toBe('ok')
    published = await imported(key)
    expect(await outcome(at(token))).toBe('ok')
  })

  it('a verified token is refused for issuer settings that it does not fulfil', async () => {
    const token = sign(claims())
    await at(token)
    expect(await outcome(at(token, NOW, [{ ...issuer, audience: ['others'] }]))).toBe('token-invalid')
    expect(await outcome(at(token, NOW, [{ ...issuer, requiredClaims: ['email'] }]))).toBe('token-invalid')
    expect(await outcome(at(token, NOW, []))).toBe('token-invalid')
  })

  it('a token that differs from a verified token in a single character is refused (invariant 10)', async () => {
    const token = sign(claims())
    await at(token)
    const change = fc.tuple(fc.nat(token.length - 1), fc.constantFrom(...'ABab01-_.'))
    await fc.assert(
      fc.asyncProperty(change, async ([index, character]) => {
        if (token[index] === character) return
        expect(await outcome(at(replaceAt(token, index, character)))).toBe('token-invalid')
      }),
      { numRuns: 200 },
    )
  })

  it('a token with a good signature but a wrong claim is refused every time', async () => {
    const token = sign(claims({ aud: 'others' }))
    for (const _ of [1, 2]) expect(await outcome(at(token))).toBe('token-invalid')
    expect(verified.entriesOf(token)).toEqual([])
  })

  it('a token is kept for each issuer settings that it fulfils', async () => {
    const token = sign(claims())
    const other = { ...issuer, subjectPrefix: 'other|' }
    for (const _ of [1, 2]) {
      expect((await at(token)).userId).toBe('alice')
      expect((await at(token, NOW, [other])).userId).toBe('other|alice')
    }
    expect(verified.entriesOf(token).map((entry) => entry.issuer)).toEqual([issuer, other])
  })

  it('a verified token keeps the right person even when the cache is full (F26, invariant 10)', async () => {
    const people = Array.from({ length: 2_001 }, (_, index) => `person-${index}`)
    const tokens = people.map((sub) => sign(claims({ sub })))
    const found: string[] = []
    for (const token of tokens) found.push((await at(token)).subject)
    expect(found).toEqual(people)
    const [first, second, third, fourth] = tokens as [string, string, string, string]
    expect([first, second].map((token) => verified.entriesOf(token).length)).toEqual([0, 1])
    // The second token was just used, so the third is the oldest.
    expect((await at(first)).subject).toBe('person-0')
    expect([second, third, fourth].map((token) => verified.entriesOf(token).length)).toEqual([1, 0, 1])
  })

  it('the cache keeps at most 2 million characters of tokens, and drops the least recently used first (F26)', async () => {
    const long = (sub: string) => sign(claims({ sub, groups: 'x'.repeat(11_700) }))
    const tokens = Array.from({ length: 140 }, (_, index) => long(`person-${index}`))
    const [first = '', second = ''] = tokens
    expect(first.length).toBeGreaterThan(15_800)
    const principal = await at(first)
    for (const token of tokens) {
      // Two requests at once count once.
      await Promise.all([at(token), at(token)])
      expect(await at(first)).toBe(principal)
    }
    const kept = tokens.filter((token) => verified.entriesOf(token).length > 0)
    expect(kept.join('').length).toBeLessThanOrEqual(2 * 1024 * 1024)
    expect(kept.length).toBeGreaterThan(125)
    expect([kept.includes(first), kept.includes(second)]).toEqual([true, false])
  })

  it('one token on many routes counts once for each route', async () => {
    const token = sign(claims())
    const routes = Array.from({ length: 2_001 }, () => ({ ...issuer }))
    for (const each of routes.slice(0, 2_000)) await at(token, NOW, [each])
    expect(verified.entriesOf(token).length).toBe(2_000)
    await at(token, NOW, routes.slice(2_000))
    expect(verified.entriesOf(token)).toEqual([])
    expect((await at(token)).subject).toBe('alice')
  })
})
