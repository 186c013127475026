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

describe('the issuer of a token', () => {
  it('is accepted on routes that trust it, and nowhere else', async () => {
    const [ours, theirs] = [await own.token('alice'), await partner.token('alice')]
    expect(await door.knock(ours, '/both')).toEqual(accepted)
    expect(await door.knock(theirs, '/both')).toEqual(accepted)
    expect(await door.knock(ours, '/ours')).toEqual(accepted)
    expect(await door.knock(theirs, '/theirs')).toEqual(accepted)
    expect(await door.knock(theirs, '/ours')).toEqual(refused('issuer'))
    expect(await door.knock(ours, '/theirs')).toEqual(refused('issuer'))
  })

  it.each(['RS256', 'ES256'] as const)(
    'cannot be another one: an %s token that claims the other issuer is refused (X18)',
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

  it('is checked with its own keys, even if the kid is one of the other issuer (X18)', async () => {
    const token = await forge(partner, { header: { kid: own.keys.RS256.kid } })
    expect(await door.knock(token, '/both')).toEqual(refused('key'))
    expect(await door.knock(await forge(partner), '/both')).toEqual(accepted)
  })

  it('must be one: a token with two issuers is refused (X18)', async () => {
    const iss = [own.issuer, partner.issuer]
    expect(await door.knock(await forge(own, { claims: { iss } }), '/both')).toEqual(refused('issuer'))
  })
})

describe('the user id of a person', () => {
  it('differs for the same sub from two issuers (X18)', async () => {
    await door.knock(await own.token('alice'), '/both')
    expect(userId()).toBe('alice')
    await door.knock(await partner.token('alice'), '/both')
    expect(userId()).toBe('partner|alice')
  })

  it('is refused if it begins with the prefix of another issuer (X18)', async () => {
    const token = await forge(own, { claims: { sub: 'partner|alice' } })
    expect(await door.knock(token, '/both')).toEqual(refused('subject'))
    // If the other issuer is not trusted, there is no person to confuse.
    expect(await door.knock(token, '/ours')).toEqual(accepted)
    expect(await door.knock(await forge(own, { claims: { sub: 'partner' } }), '/both')).toEqual(accepted)
  })

  it('gets its prefix even if the sub already begins with it (X18)', async () => {
    const token = await forge(partner, { claims: { sub: 'partner|alice' } })
    expect(await door.knock(token, '/both')).toEqual(accepted)
    expect(userId()).toBe('partner|partner|alice')
  })

  it('is in the audit line together with its issuer', async () => {
    await door.knock(await partner.token('bob'), '/both')
    expect(gateway.audit.at(-1)?.who).toMatchObject({ issuer: partner.issuer, subject: 'bob', kind: 'user' })
  })
})

it('the log has no part of any of these tokens (S18)', () => {
  expect(door.leakedIntoLogs()).toEqual([])
})
