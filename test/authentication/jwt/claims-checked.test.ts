import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { forge, goodClaims, openHttp, routeOf } from '../../support/fixtures'
import { accepted, expired, type FrontDoor, frontDoor, type Outcome, refused } from '../../support/front-door'
import { seconds, signRaw } from '../../support/tokens'
import { openWorld, type World } from '../../support/world'

let world: World
let door: FrontDoor

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) => {
    const route = (id: string, more: object) =>
      routeOf(openHttp(url), [{ ...issuer, id, ...more }], { id, path: `/${id}` })
    return [
      routeOf(openHttp(url), [issuer]),
      route('strict', { tokenType: 'at+jwt' }),
      route('picky', { requiredClaims: ['email', 'tid'], audience: ['agents', 'agents-v2'] }),
      route('brief', { maxLifetimeSeconds: 900, clockSkewSeconds: 0 }),
      route('lenient', { clockSkewSeconds: 60 }),
    ]
  })
  door = frontDoor(world.gateway, world.origin)
})
afterAll(() => world?.close())
// In every case the same door must open for the same token without its fault.
beforeEach(async () => expect(await door.knock(await forge(world.provider))).toEqual(accepted))

const forged = (claims: Record<string, unknown>) => forge(world.provider, { claims })
/** Claims written by hand: JSON that no serialiser would write. */
const written = (members: string) => {
  const { RS256 } = world.provider.keys
  const base = JSON.stringify(goodClaims(world.provider.issuer)).slice(0, -1)
  return signRaw({ alg: 'RS256', kid: RS256.kid, typ: 'at+jwt' }, `${base},${members}}`, RS256)
}

describe('the claim aud', () => {
  it.each<[string, unknown, Outcome]>([
    ['the audience of the route', 'agents', accepted],
    ['a list with the audience of the route', ['other', 'agents'], accepted],
    ['nothing', undefined, refused('claim-missing aud')],
    ['null', null, refused('audience')],
    ['an empty text', '', refused('audience')],
    ['an empty list', [], refused('audience')],
    ['another name', 'other', refused('audience')],
    ['another list', ['other'], refused('audience')],
    ['upper case', 'Agents', refused('audience')],
    ['a slash at its end', 'agents/', refused('audience')],
    ['a space at its end', 'agents ', refused('audience')],
    ['a longer name', 'agents-v2', refused('audience')],
    ['two names in one text', 'agents other', refused('audience')],
    ['a wildcard', '*', refused('audience')],
    ['an object', { agents: true }, refused('audience')],
    ['a number', 0, refused('audience')],
    ['true', true, refused('audience')],
    ['a list with a number', ['agents', 1], refused('audience')],
    ['a list with null', ['agents', null], refused('audience')],
    ['a list in a list', [['agents']], refused('audience')],
  ])(
    'a token with an aud that is %s is accepted only if it names the audience of the route (S7)',
    async (_what, aud, outcome) => {
      expect(await door.knock(await forged({ aud }))).toEqual(outcome)
    },
  )

  it('a token for the audience of another route is refused (X5)', async () => {
    const token = await forged({ aud: 'agents-v2' })
    expect(await door.knock(token)).toEqual(refused('audience'))
    expect(await door.knock(token, '/picky')).toEqual(refused('claim-missing email'))
  })
})

describe('the claims exp, nbf and iat', () => {
  it.each<[string, unknown, Outcome]>([
    ['a fraction', seconds() + 600.5, accepted],
    ['nothing', undefined, refused('claim-missing exp')],
    ['null', null, refused('claim-invalid exp')],
    ['a text', String(seconds() + 600), refused('claim-invalid exp')],
    ['an ISO date', '2099-01-01T00:00:00Z', refused('claim-invalid exp')],
    ['true', true, refused('claim-invalid exp')],
    ['a list', [seconds() + 600], refused('claim-invalid exp')],
    ['milliseconds', Date.now() + 600_000, refused('lifetime')],
    ['the largest number', Number.MAX_SAFE_INTEGER, refused('lifetime')],
    ['zero', 0, expired],
    ['negative', -1, expired],
    ['a minute ago', seconds() - 60, expired],
  ])(
    'a token with an exp that is %s is accepted only if exp is a number within the limits (S7)',
    async (_what, exp, outcome) => {
      expect(await door.knock(await forged({ exp }))).toEqual(outcome)
    },
  )

  it.each<[string, string, string]>([
    ['exp that overflows', '"exp":1e400', 'claim-invalid exp'],
    ['exp that overflows downwards', '"exp":-1e400', 'claim-invalid exp'],
    ['iat that overflows', '"iat":-1e400', 'claim-invalid iat'],
    ['iat that overflows upwards', '"iat":1e400', 'claim-invalid iat'],
    ['nbf that overflows', '"nbf":1e400', 'claim-invalid nbf'],
  ])('a token is refused if it has an %s (S7)', async (_what, member, reason) => {
    expect(await door.knock(written(member))).toEqual(reason === 'expired' ? expired : refused(reason))
  })

  it.each<[string, Record<string, unknown>, Outcome]>([
    ['nbf now', { nbf: seconds() }, accepted],
    ['nbf an hour ahead', { nbf: seconds() + 3600 }, refused('not-yet-valid')],
    ['nbf null', { nbf: null }, refused('claim-invalid nbf')],
    ['nbf a text', { nbf: '0' }, refused('claim-invalid nbf')],
    ['no iat', { iat: undefined }, accepted],
    ['iat an hour ahead', { iat: seconds() + 3600, exp: seconds() + 4000 }, refused('claim-invalid iat')],
    ['iat null', { iat: null }, refused('claim-invalid iat')],
    ['iat a text', { iat: String(seconds()) }, refused('claim-invalid iat')],
    ['iat an object', { iat: {} }, refused('claim-invalid iat')],
    ['a day of life', { iat: seconds() - 60, exp: seconds() - 60 + 86_400 }, accepted],
    ['a day and a second of life', { iat: seconds() - 60, exp: seconds() - 60 + 86_401 }, refused('lifetime')],
    ['ten years of life', { exp: seconds() + 315_360_000 }, refused('lifetime')],
    ['ten years of life and no iat', { iat: undefined, exp: seconds() + 315_360_000 }, refused('lifetime')],
    ['an iat of 1970', { iat: 0 }, refused('lifetime')],
  ])(
    'a token with %s is accepted only if nbf, iat and the lifetime are within their limits (F5)',
    async (_what, claims, outcome) => {
      expect(await door.knock(await forged(claims))).toEqual(outcome)
    },
  )

  // Five seconds on either side, for a busy machine; the exact second is checked in verify.test.ts.
  it.each<[string, string, number]>([
    ['by default', '/agents/http', 30],
    ['to its maximum', '/lenient', 60],
    ['to zero', '/brief', 0],
  ])(
    'a token is accepted if the clocks of issuer and gateway differ by less than the limit, which is set %s (F5)',
    async (_what, path, skew) => {
      const at = async (claim: string, offset: number) =>
        door.knock(
          await forged({ [claim]: seconds() + offset, ...(claim === 'exp' && { iat: seconds() - 300 }) }),
          path,
        )
      if (skew > 0) {
        expect(await at('exp', 5 - skew)).toEqual(accepted)
        expect(await at('nbf', skew - 5)).toEqual(accepted)
        expect(await at('iat', skew - 5)).toEqual(accepted)
      }
      expect(await at('exp', -5 - skew)).toEqual(expired)
      expect(await at('nbf', skew + 5)).toEqual(refused('not-yet-valid'))
      expect(await at('iat', skew + 5)).toEqual(refused('claim-invalid iat'))
    },
  )

  it('a token that lasts longer than maxLifetimeSeconds of its issuer is refused (F5)', async () => {
    const lasting = (life: number) => forged({ iat: seconds() - 10, exp: seconds() - 10 + life })
    expect(await door.knock(await lasting(900), '/brief')).toEqual(accepted)
    expect(await door.knock(await lasting(901), '/brief')).toEqual(refused('lifetime'))
    expect(await door.knock(await lasting(901))).toEqual(accepted)
  })

  it('the gateway checks the times of a token by its own clock, even if that clock is ahead or behind (F5)', async () => {
    const token = await forge(world.provider)
    try {
      for (const [offset, outcome] of [
        [0, accepted],
        [600 + 25, accepted],
        [600 + 35, expired],
        [3600, expired],
        [-25, accepted],
        [-35, refused('claim-invalid iat')],
        [0, accepted],
      ] as const) {
        await world.gateway.setClock(offset)
        expect(await door.knock(token), `${offset} seconds`).toEqual(outcome)
      }
    } finally {
      await world.gateway.setClock(0)
    }
  })
})

describe('the claim iss', () => {
  it.each<[string, (issuer: string) => unknown]>([
    ['with a slash at its end', (issuer) => `${issuer}/`],
    ['in upper case', (issuer) => issuer.toUpperCase()],
    ['with another scheme', (issuer) => issuer.replace('http', 'https')],
    ['with another name of the host', (issuer) => issuer.replace('127.0.0.1', 'localhost')],
    ['with a path', (issuer) => `${issuer}/realms/a`],
    ['with a query', (issuer) => `${issuer}?`],
    ['with a fragment', (issuer) => `${issuer}#`],
    ['with a user', (issuer) => issuer.replace('//', '//a@')],
    ['with a space before it', (issuer) => ` ${issuer}`],
    ['in a list', (issuer) => [issuer]],
    ['in an object', (issuer) => ({ [issuer]: true })],
    ['empty', () => ''],
    ['null', () => null],
    ['missing', () => undefined],
    ['of another provider', () => 'https://login.example.com'],
    ['of the gateway itself', () => world.gateway.url],
  ])('a token with an iss that is %s is refused (S10)', async (_what, change) => {
    expect(await door.knock(await forged({ iss: change(world.provider.issuer) }))).toEqual(refused('issuer'))
  })
})

describe('required claims', () => {
  it.each([
    ['iss', 'issuer'],
    ['aud', 'claim-missing aud'],
    ['exp', 'claim-missing exp'],
    ['sub', 'claim-missing sub'],
    ['iat', 'claim-missing iat'],
    ['jti', 'claim-missing jti'],
    ['client_id', 'claim-missing client_id'],
  ])('a route that accepts only at+jwt refuses a token without the claim %s (S10)', async (claim, reason) => {
    expect(await door.knock(await forge(world.provider), '/strict')).toEqual(accepted)
    expect(await door.knock(await forged({ [claim]: undefined }), '/strict')).toEqual(refused(reason))
  })

  it.each([
    ['iat', null, 'claim-invalid iat'],
    ['jti', null, 'claim-missing jti'],
    ['jti', '', 'claim-invalid jti'],
    ['jti', 7, 'claim-invalid jti'],
    ['client_id', null, 'claim-missing client_id'],
    ['client_id', '', 'claim-invalid client_id'],
    ['client_id', ['app'], 'claim-invalid client_id'],
  ])('a route that accepts only at+jwt refuses a token with the claim %s = %j (S10)', async (claim, value, reason) => {
    expect(await door.knock(await forged({ [claim]: value }), '/strict')).toEqual(refused(reason))
  })

  it.each(['iat', 'jti', 'client_id'])(
    'a route that accepts any access token does not require the claim %s',
    async (claim) => {
      expect(await door.knock(await forged({ [claim]: undefined }))).toEqual(accepted)
    },
  )

  it('a route refuses a token without a claim that the setting requiredClaims of its issuer names', async () => {
    const all = { email: 'a@example.com', tid: 't' }
    expect(await door.knock(await forged(all), '/picky')).toEqual(accepted)
    for (const claim of ['email', 'tid']) {
      const one = refused(`claim-missing ${claim}`)
      expect(await door.knock(await forged({ ...all, [claim]: undefined }), '/picky')).toEqual(one)
      expect(await door.knock(await forged({ ...all, [claim]: null }), '/picky')).toEqual(one)
    }
  })
})

describe('the claim sub', () => {
  it.each<[string, unknown]>([
    ['letters', 'alice'],
    ['an e-mail address', 'alice@example.com'],
    ['Auth0’s form', 'google-oauth2|1234567890'],
    ['other scripts', 'Ünïcødé 愛 🙂'],
    ['255 characters', 's'.repeat(255)],
  ])('a token with a sub of %s is accepted', async (_what, sub) => {
    expect(await door.knock(await forged({ sub }))).toEqual(accepted)
  })

  it.each<[string, unknown, string]>([
    ['missing', undefined, 'claim-missing sub'],
    ['empty', '', 'subject'],
    ['null', null, 'subject'],
    ['a number', 42, 'subject'],
    ['true', true, 'subject'],
    ['an object', { id: 'alice' }, 'subject'],
    ['a list', ['alice'], 'subject'],
    ['CRLF', 'alice\r\nx-user-id: bob', 'subject'],
    ['a line feed at its end', 'alice\n', 'subject'],
    ['NUL', 'alice\0', 'subject'],
    ['a tab', 'a\tb', 'subject'],
    ['DEL', 'alice\x7f', 'subject'],
    ['a C1 control', 'alice\u0085', 'subject'],
    ['a line separator', 'alice\u2028', 'subject'],
    ['a paragraph separator', 'alice\u2029', 'subject'],
    ['a direction override', '\u202eecila', 'subject'],
    ['a zero-width space', 'ali\u200bce', 'subject'],
    ['half a character', 'alice\ud83d', 'subject'],
    ['256 characters', 's'.repeat(256), 'subject'],
    ['8 KB', 's'.repeat(8192), 'subject'],
    ['200 KB', 's'.repeat(200_000), 'form'],
  ])('a token with a sub that is or has %s is refused', async (_what, sub, reason) => {
    expect(await door.knock(await forged({ sub }))).toEqual(refused(reason))
  })
})

describe('duplicate members of the payload', () => {
  const who = async (token: string) => {
    expect(await door.knock(token)).toEqual(accepted)
    return world.gateway.audit.at(-1)?.who?.subject
  }

  it('the last sub counts if a token has several (S7)', async () => {
    expect(await who(written('"sub":"bob"'))).toBe('bob')
    expect(await who(written('"sub":"bob","sub":"carol"'))).toBe('carol')
    expect(await door.knock(written('"sub":""'))).toEqual(refused('subject'))
  })

  it('the last aud counts if a token has several (S7)', async () => {
    expect(await door.knock(written('"aud":"other"'))).toEqual(refused('audience'))
    expect(await door.knock(written('"aud":"other","aud":"agents"'))).toEqual(accepted)
  })

  it('the last exp counts if a token has several (S7)', async () => {
    expect(await door.knock(written('"exp":1'))).toEqual(expired)
    expect(await door.knock(written('"exp":null'))).toEqual(refused('claim-invalid exp'))
  })

  it('the last iss counts if a token has several, for the choice of keys and for the check (S7)', async () => {
    expect(await door.knock(written('"iss":"https://login.example.com"'))).toEqual(refused('issuer'))
    const { issuer } = world.provider
    expect(await door.knock(written(`"iss":"https://login.example.com","iss":"${issuer}"`))).toEqual(accepted)
  })

  it('a claim called __proto__ in a token sets no prototype and supplies no other claim (S7)', async () => {
    expect(await door.knock(written('"__proto__":{"cnf":{}}'))).toEqual(accepted)
    const { RS256 } = world.provider.keys
    const { sub, ...rest } = goodClaims(world.provider.issuer)
    const payload = `${JSON.stringify(rest).slice(0, -1)},"__proto__":{"sub":"${sub}"}}`
    const token = signRaw({ alg: 'RS256', kid: RS256.kid, typ: 'at+jwt' }, payload, RS256)
    expect(await door.knock(token)).toEqual(refused('claim-missing sub'))
  })
})

it.each([{ jkt: 'thumbprint' }, { 'x5t#S256': 'thumbprint' }, {}, null, 'x'])(
  'a token with the claim cnf = %j, which binds it to a sender, is refused as a bearer token (S14)',
  async (cnf) => {
    expect(await door.knock(await forged({ cnf }))).toEqual(refused('sender-constrained'))
  },
)

it('after the tests of claims, the log contains no part of any token (S18)', () => {
  expect(door.leakedIntoLogs()).toEqual([])
})
