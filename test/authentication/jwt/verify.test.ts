import fc from 'fast-check'
import { importJWK, type JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { Credential } from '../../../src/authentication/credential'
import type { KeyStore } from '../../../src/authentication/jwt/issuer-keys'
import type { TrustedIssuer } from '../../../src/authentication/jwt/trusted-issuer'
import { VerifiedTokens } from '../../../src/authentication/jwt/verified'
import { verify } from '../../../src/authentication/jwt/verify'
import { issuerPresetNames } from '../../../src/config/issuer-schema'
import { Refusal } from '../../../src/errors/refusal'
import { goodClaims } from '../../support/fixtures'
import { trustedIssuer } from '../../support/issuers'
import { privateKey, publicJwk } from '../../support/keys'
import { replaceAt, segment, signRaw } from '../../support/tokens'

/*
 * Verification alone, where a table is exact to the second, or a property needs thousands of
 * tokens.
 */

const keys = { ES256: await privateKey('ES256'), RS256: await privateKey('RS256'), EdDSA: await privateKey('EdDSA') }
const NOW = Date.UTC(2026, 10, 23, 12)
const now = NOW / 1000
const issuer = trustedIssuer({ algorithms: ['ES256', 'RS256', 'EdDSA'] })
const store: KeyStore = {
  isCurrent: () => false,
  keysFor: async (_issuer, alg) => [(await importJWK(publicJwk(keys[alg as 'ES256']), alg)) as CryptoKey],
}
const background = { waitUntil: () => undefined }

/**
 * `ok`, or the code and reason of the refusal. Anything else that is thrown is a fault of the
 * verifier.
 */
async function judge(token: string, trust: TrustedIssuer = issuer, keyStore = store): Promise<string> {
  try {
    await verify(new Credential(token), [trust], { keys: keyStore, verified: new VerifiedTokens() }, NOW, background)
    return 'ok'
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    return [thrown.code, ...(thrown.reason === undefined ? [] : [thrown.reason])].join(' ')
  }
}
const claims = (more: object = {}) => ({ ...goodClaims(issuer.issuer), iat: now - 60, exp: now + 600, ...more })
const sign = (payload: unknown, header: object = {}, key: JWK = keys.ES256) =>
  signRaw({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header }, payload, key)

it.each(['ES256', 'RS256'] as const)(
  'the valid token that the verification tests are derived from, signed with %s, is accepted',
  async (alg) => {
    expect(await judge(sign(claims(), {}, keys[alg]))).toBe('ok')
  },
)

describe('texts of tokens', () => {
  const good = sign(claims())
  const parts = good.split('.')

  it.each<[string, string]>([
    ['a line feed at its end', `${good}\n`],
    ['a carriage return at its end', `${good}\r`],
    ['CRLF at its end', `${good}\r\n`],
    ['a line feed before it', `\n${good}`],
    ['a space at its end', `${good} `],
    ['a space before it', ` ${good}`],
    ['a tab at its end', `${good}\t`],
    ['a line separator at its end', `${good}\u2028`],
    ['a NUL at its end', `${good}\0`],
    ['a NUL inside', good.replace('.', '\0.')],
    ['a line feed inside', good.replace('.', '.\n')],
    ['a space inside the signature', `${good.slice(0, -4)} ${good.slice(-4)}`],
    ['a space inside the payload', good.replace('.', '. ')],
    ['a byte order mark', `\ufeff${good}`],
    ['padding', `${good}==`],
    ['padding inside', good.replace('.', '==.')],
    ['brackets', `{${good}}`],
    ['quotation marks', `"${good}"`],
    ['the scheme again', `Bearer ${good}`],
    ['a comma', `${good},${good}`],
    ['a percent sign', good.replace('.', '%2E')],
    ['a plus sign', `${parts[0]}.${parts[1]}.+${parts[2]?.slice(1)}`],
    ['a slash', `${parts[0]}.${parts[1]}./${parts[2]?.slice(1)}`],
    ['a letter of another script', replaceAt(good, 3, 'а')],
    ['a full-width dot', good.replace('.', '．')],
    ['half a character', `${good}\ud800`],
    ['no character', ''],
    ['two dots', '..'],
    ['JSON', JSON.stringify({ protected: parts[0], payload: parts[1], signature: parts[2] })],
    ['five parts', `${good}.AAAA.AAAA`],
    ['ten parts', Array(10).fill('AAAA').join('.')],
    ['a megabyte', `${'A'.repeat(1_000_000)}.${parts[1]}.${parts[2]}`],
    ['a megabyte of dots', '.'.repeat(1_000_000)],
  ])('a token is refused if its text has %s (S3)', async (_what, token) => {
    const started = performance.now()
    expect(await judge(token)).toBe('token-invalid form')
    expect(performance.now() - started).toBeLessThan(200)
  })

  it('a token may be 16384 characters long, and a longer token is refused (S3)', async () => {
    const padding = (length: number) => sign(claims({ pad: 'x'.repeat(length) }))
    const spare = Math.floor(((16_384 - padding(0).length) * 3) / 4)
    const [long, tooLong] = [padding(spare - 2), padding(spare + 2)]
    expect(long.length).toBeGreaterThan(16_370)
    expect(long.length).toBeLessThanOrEqual(16_384)
    expect(await judge(long)).toBe('ok')
    expect(tooLong.length).toBeGreaterThan(16_384)
    expect(await judge(tooLong)).toBe('token-invalid form')
  })

  it.each([0, 1, 2])(
    'a token is refused if the last character of segment %i has another spelling of the same bytes (S3)',
    async (index) => {
      // A segment of each length: with no, two and four spare bits at its end.
      for (const extra of ['', 'a', 'ab']) {
        const token = sign(claims({ pad: extra }), { pad: extra }, keys.RS256).split('.')
        const text = token[index] ?? ''
        const bytes = Buffer.from(text, 'base64url')
        const twins = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
          .map((last) => text.slice(0, -1) + last)
          .filter((twin) => twin !== text && Buffer.from(twin, 'base64url').equals(bytes))
        for (const twin of twins) expect(await judge(token.with(index, twin).join('.'))).toBe('token-invalid form')
      }
    },
  )

  it.each(['ES256', 'RS256'] as const)(
    'a token signed with %s is refused if any character is changed, added or left out (S3, T21)',
    async (alg) => {
      const token = sign(claims(), {}, keys[alg])
      await fc.assert(
        fc.asyncProperty(
          fc.nat(token.length - 1),
          fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
          fc.constantFrom('put', 'add', 'cut'),
          async (at, character, how) => {
            fc.pre(how !== 'put' || token[at] !== character)
            const changed =
              how === 'put'
                ? replaceAt(token, at, character)
                : how === 'add'
                  ? token.slice(0, at) + character + token.slice(at)
                  : replaceAt(token, at, '')
            expect(await judge(changed)).toMatch(/^token-invalid /)
          },
        ),
        { numRuns: 300 },
      )
    },
  )

  it.each(['ES256', 'RS256'] as const)(
    'a token signed with %s is refused if any character is replaced by another of base64url (T21)',
    async (alg) => {
      const token = sign(claims(), {}, keys[alg])
      const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.']
      await fc.assert(
        fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...alphabet), async (at, character) => {
          fc.pre(token[at] !== character)
          expect(await judge(replaceAt(token, at, character))).toMatch(/^token-invalid /)
        }),
        {
          numRuns: 500,
          examples: alphabet
            .map((character): [number, string] => [token.length - 1, character])
            .filter(([, c]) => c !== token.at(-1)),
        },
      )
    },
  )
})

describe('tokens with any content', () => {
  const json = fc.jsonValue({ maxDepth: 3 })
  /** A few of these members, with anything in them. */
  const members = (...names: string[]) =>
    fc.array(fc.tuple(fc.constantFrom(...names), json), { maxLength: 2 }).map((pairs) => Object.fromEntries(pairs))

  it('a signed token with random content is accepted, invalid or expired, but never gets keys-unavailable (invariant 7)', async () => {
    const header = members('alg', 'kid', 'typ', 'crit', 'b64', 'jwk', 'x5c', 'zip', 'cty', 'enc')
    const payload = members(
      'iss',
      'sub',
      'aud',
      'exp',
      'nbf',
      'iat',
      'jti',
      'cnf',
      'email',
      'roles',
      'scope',
      'client_id',
      'act',
    )
    const given = fc.oneof(
      { weight: 3, arbitrary: payload.map((odd) => ({ ...claims(), ...odd })) },
      { weight: 1, arbitrary: json },
    )
    const headers = fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: header })
    const verdicts = new Set<string>()
    await fc.assert(
      fc.asyncProperty(given, headers, async (content, odd) => {
        const verdict = await judge(sign(content, odd))
        verdicts.add(verdict.split(' ')[0] ?? '')
        expect(verdict).toMatch(/^(ok|token-invalid .+|token-expired)$/)
      }),
      { numRuns: 1000 },
    )
    expect([...verdicts]).toEqual(expect.arrayContaining(['ok', 'token-invalid']))
  })

  it('a token that is random text is refused with token-invalid (invariant 7)', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.tuple(fc.string(), fc.string(), fc.string()).map((parts) => parts.map(segment).join('.')),
      fc.tuple(json, json, fc.string({ minLength: 1 })).map((parts) => parts.map(segment).join('.')),
    )
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        expect(await judge(token)).toMatch(/^token-invalid .+$/)
      }),
      { numRuns: 1000 },
    )
  })

  it('a valid token gets keys-unavailable if the key store fails (invariant 7)', async () => {
    for (const thrown of [new TypeError('x'), new Error('x'), new DOMException('x', 'DataError'), 'x', undefined]) {
      const broken: KeyStore = { ...store, keysFor: () => Promise.reject(thrown) }
      expect(await judge(sign(claims()), issuer, broken)).toMatch(
        /^keys-unavailable (TypeError|Error|DataError|unknown)$/,
      )
    }
    const known: KeyStore = { ...store, keysFor: () => Promise.reject(new Refusal('keys-unavailable', 'login')) }
    expect(await judge(sign(claims()), issuer, known)).toBe('keys-unavailable login')
  })

  it('a token with a wrong signature of any length is refused with token-invalid (invariant 7)', async () => {
    for (const key of Object.values(keys)) {
      const [header, payload] = [{ alg: key.alg, kid: key.kid, typ: 'at+jwt' }, claims()].map(segment)
      for (const length of [1, 63, 64, 65, 255, 256, 9000]) {
        const token = `${header}.${payload}.${Buffer.alloc(length, 1).toString('base64url')}`
        expect([key.alg, length, await judge(token)]).toEqual([key.alg, length, 'token-invalid signature'])
      }
    }
  })

  it('with any preset, a token is accepted even if its optional claims are not texts (invariant 7)', async () => {
    const odd = { email: { toString: 1 }, email_verified: { toString: 1 }, client_id: { toString: 1 } }
    for (const preset of [undefined, ...issuerPresetNames]) {
      const verdict = await judge(sign(claims({ ...odd, azp: { toString: 1 }, scp: [1] })), { ...issuer, preset })
      expect([preset, verdict]).toEqual([preset, 'ok'])
    }
  })

  it('a token causes no lookup of keys before its form, issuer, algorithm and type are checked (S5)', async () => {
    const asked: unknown[] = []
    const counting: KeyStore = {
      ...store,
      keysFor(...question) {
        asked.push(question.slice(1, 3))
        return store.keysFor(...question)
      },
    }
    for (const token of [
      'a.b.c',
      sign(claims({ iss: 'https://evil.example.com' })),
      sign(claims(), { alg: 'none' }),
      sign(claims(), { kid: 7 }),
      sign(claims(), { crit: ['x'] }),
      sign(claims(), { typ: 'logout+jwt' }),
    ])
      expect(await judge(token, issuer, counting)).toMatch(/^token-invalid/)
    expect(asked).toEqual([])
    expect(await judge(sign(claims()), issuer, counting)).toBe('ok')
    expect(asked).toEqual([['ES256', keys.ES256.kid]])
  })

  it('a token is refused if no issuer is trusted', async () => {
    const means = { keys: store, verified: new VerifiedTokens() }
    await expect(verify(new Credential(sign(claims())), [], means, NOW, background)).rejects.toMatchObject({
      code: 'token-invalid',
      reason: 'issuer',
    })
  })
})

describe('roles that a token leaves out because it has no room for them', () => {
  const groups = { ...issuer, claims: { ...issuer.claims, roles: ['groups'] } }
  const elsewhere = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph.test' } } }

  it.each([elsewhere, { hasgroups: true }, { hasgroups: 'true' }])(
    'a token without the groups of the person is refused if groups are the roles: %j',
    async (more) => {
      expect(await judge(sign(claims(more)), groups)).toBe('token-invalid claim-missing groups')
      expect(await judge(sign(claims(more)), issuer)).toBe('ok')
      expect(await judge(sign(claims({ ...more, groups: ['a'] })), groups)).toBe('ok')
    },
  )

  it('a token without groups is accepted if it does not say that groups are left out', async () => {
    expect(await judge(sign(claims()), groups)).toBe('ok')
    expect(await judge(sign(claims({ _claim_names: { photo: 'src1' }, hasgroups: false })), groups)).toBe('ok')
  })
})

describe('times to the second (F5)', () => {
  it.each([0, 30, 60])(
    'a token is accepted with its times up to %i seconds off, if clockSkewSeconds allows it',
    async (clockSkewSeconds) => {
      const trust = { ...issuer, clockSkewSeconds }
      const at = (more: object) => judge(sign(claims(more)), trust)
      expect(await at({ exp: now - clockSkewSeconds + 1 })).toBe('ok')
      expect(await at({ exp: now - clockSkewSeconds })).toBe('token-expired')
      expect(await at({ nbf: now + clockSkewSeconds })).toBe('ok')
      expect(await at({ nbf: now + clockSkewSeconds + 1 })).toBe('token-invalid not-yet-valid')
      expect(await at({ iat: now + clockSkewSeconds })).toBe('ok')
      expect(await at({ iat: now + clockSkewSeconds + 1 })).toBe('token-invalid claim-invalid iat')
    },
  )

  it('a token that lasts longer than maxLifetimeSeconds is refused, with and without the claim iat', async () => {
    const trust = { ...issuer, maxLifetimeSeconds: 900 }
    expect(await judge(sign(claims({ iat: now - 100, exp: now + 800 })), trust)).toBe('ok')
    expect(await judge(sign(claims({ iat: now - 100, exp: now + 801 })), trust)).toBe('token-invalid lifetime')
    expect(await judge(sign(claims({ iat: undefined, exp: now + 900 })), trust)).toBe('ok')
    expect(await judge(sign(claims({ iat: undefined, exp: now + 901 })), trust)).toBe('token-invalid lifetime')
  })

  it('a token is refused if its exp is written as a huge or oddly formatted number (S7)', async () => {
    for (const exp of ['1e400', '-1e400', '1e308', '"1e400"', '[1e400]', 'true', '1.7976931348623157e308']) {
      const payload = `${JSON.stringify(claims()).slice(0, -1)},"exp":${exp}}`
      expect(await judge(sign(payload))).not.toBe('ok')
    }
  })
})
