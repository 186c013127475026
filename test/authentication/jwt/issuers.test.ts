import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdentityProvider, startIdentityProvider } from '../../../src/cli/dev/identity-provider/provider.ts'
import { forge, goodClaims, issuerOf, openHttp, routeOf } from '../../support/fixtures'
import { accepted, type FrontDoor, frontDoor, refused } from '../../support/front-door'
import { startGateway, type TestGateway } from '../../support/gateway'
import { publicJwk } from '../../support/keys'
import { type RecordingOrigin, startOrigin } from '../../support/origin'
import { signRaw } from '../../support/tokens'

/** Two real providers with the same people, behind one route; and one route for each alone. */
let own: IdentityProvider
let partner: IdentityProvider
let origin: RecordingOrigin
let gateway: TestGateway
let door: FrontDoor

beforeAll(async () => {
  ;[own, partner, origin] = await Promise.all([startIdentityProvider(), startIdentityProvider(), startOrigin()])
  const ours = issuerOf(own.issuer, { id: 'own' })
  const theirs = issuerOf(partner.issuer, { id: 'partner', subjectPrefix: 'partner|' })
  gateway = await startGateway({
    routes: [
      routeOf(openHttp(origin.url), [ours, theirs], { id: 'both', path: '/both' }),
      routeOf(openHttp(origin.url), [ours], { id: 'ours', path: '/ours' }),
      routeOf(openHttp(origin.url), [theirs], { id: 'theirs', path: '/theirs' }),
    ],
  })
  door = frontDoor(gateway, origin)
})
afterAll(async () => {
  await gateway?.close()
  await origin?.close()
  await Promise.all([own?.close(), partner?.close()])
})

const userId = () => decodeJwt(String(origin.last().headers['x-sallyport-assertion'])).sub

describe('issuers of tokens', () => {
  it('a token is accepted only on routes that trust its issuer', async () => {
    const [ours, theirs] = [await own.token('alice'), await partner.token('alice')]
    expect(await door.knock(ours, '/both')).toEqual(accepted)
    expect(await door.knock(theirs, '/both')).toEqual(accepted)
    expect(await door.knock(ours, '/ours')).toEqual(accepted)
    expect(await door.knock(theirs, '/theirs')).toEqual(accepted)
    expect(await door.knock(theirs, '/ours')).toEqual(refused('issuer'))
    expect(await door.knock(ours, '/theirs')).toEqual(refused('issuer'))
  })

  it.each(['RS256', 'ES256'] as const)(
    'an %s token that names another issuer than the issuer that signed it is refused (X18)',
    async (algorithm) => {
      const mine = partner.keys[algorithm]
      const claims = goodClaims(own.issuer)
      for (const [header, reason] of [
        [{ kid: mine.kid }, 'key'],
        [{ kid: own.keys[algorithm].kid }, 'signature'],
        [{}, 'signature'],
        [{ kid: own.keys[algorithm].kid, jwk: publicJwk(mine), jku: `${partner.issuer}/jwks` }, 'signature'],
        [{ kid: mine.kid, iss: partner.issuer }, 'key'],
      ] as const) {
        // By then another key may be looked up.
        if (reason === 'key') await gateway.advance(10)
        const token = signRaw({ alg: algorithm, typ: 'at+jwt', ...header }, claims, mine)
        for (const path of ['/both', '/ours']) expect(await door.knock(token, path)).toEqual(refused(reason))
      }
    },
  )

  it('a token is refused if its kid names a key of another trusted issuer (X18)', async () => {
    const token = await forge(partner, { header: { kid: own.keys.RS256.kid } })
    expect(await door.knock(token, '/both')).toEqual(refused('key'))
    expect(await door.knock(await forge(partner), '/both')).toEqual(accepted)
  })

  it('a token with a list of two trusted issuers as iss is refused (X18)', async () => {
    const iss = [own.issuer, partner.issuer]
    expect(await door.knock(await forge(own, { claims: { iss } }), '/both')).toEqual(refused('issuer'))
  })
})

describe('user ids of people', () => {
  it('the same sub from two issuers gives two different user ids (X18)', async () => {
    await door.knock(await own.token('alice'), '/both')
    expect(userId()).toBe('alice')
    await door.knock(await partner.token('alice'), '/both')
    expect(userId()).toBe('partner|alice')
  })

  it('a sub that begins with the subject prefix of another issuer of the route is refused (X18)', async () => {
    const token = await forge(own, { claims: { sub: 'partner|alice' } })
    expect(await door.knock(token, '/both')).toEqual(refused('subject'))
    // If the other issuer is not trusted, there is no person to confuse.
    expect(await door.knock(token, '/ours')).toEqual(accepted)
    expect(await door.knock(await forge(own, { claims: { sub: 'partner' } }), '/both')).toEqual(accepted)
  })

  it('a user id gets the subject prefix even if the sub already begins with the prefix (X18)', async () => {
    const token = await forge(partner, { claims: { sub: 'partner|alice' } })
    expect(await door.knock(token, '/both')).toEqual(accepted)
    expect(userId()).toBe('partner|partner|alice')
  })

  it('the audit line has the sub of a person together with the issuer', async () => {
    await door.knock(await partner.token('bob'), '/both')
    expect(gateway.audit.at(-1)?.who).toMatchObject({ issuer: partner.issuer, subject: 'bob', kind: 'user' })
  })
})

it('after the tests with two issuers, the log contains no part of any token (S18)', () => {
  expect(door.leakedIntoLogs()).toEqual([])
})
