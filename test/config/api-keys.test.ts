import { describe, expect, it } from 'vitest'
import type { Route } from '../../src/config/define'
import { ConfigurationError } from '../../src/config/fault'
import { load } from '../../src/config/load'
import { issuerOf, openHttp, routeOf } from '../support/fixtures'

/* API keys beside other parts of the configuration. */

const GATE = 'https://gate.example.com'
const namespace = { get: async () => null, getWithMetadata: async () => null }
const environment = { PUBLIC_URL: GATE, API_KEYS: namespace, BUCKET: { get: async () => null } }
const keys = { id: 'keys', binding: 'API_KEYS' }
const login = issuerOf('https://login.example.com')

const route = (id: string, trust: NonNullable<Route['trust']>, more: Partial<Route> = {}): Route =>
  routeOf(openHttp(`https://${id}.internal.example.com`), trust, { id, path: `/${id}`, ...more })

function faultsOf(...routes: readonly Route[]): readonly string[] {
  try {
    load(routes, environment, { fetch })
    return []
  } catch (thrown) {
    if (!(thrown instanceof ConfigurationError)) throw thrown
    return thrown.faults.map(({ file, path, found }) => `${file} ${path}: ${found}`)
  }
}

describe('API keys', () => {
  it('routes that trust API keys load, alone and together with an issuer', () => {
    expect(faultsOf(route('a', [keys]), route('b', [login, keys]))).toEqual([])
  })

  it.each<[string, readonly Route[], string]>([
    [
      'a single namespace under two ids',
      [route('a', [keys]), route('b', [login, { ...keys, id: 'staff', peopleOf: 'login' }])],
      '"API_KEYS", which policies/keys.ts uses too',
    ],
    [
      'a bucket in place of a namespace',
      [route('a', [{ id: 'keys', binding: 'BUCKET' }])],
      '"BUCKET", which is not bound',
    ],
    [
      'an issuer that has the subject prefix of the API keys',
      [route('a', [{ ...login, subjectPrefix: 'keys:' }, keys])],
      'some with the same subjectPrefix',
    ],
    [
      'tokenHeader set to the header of API keys',
      [route('a', [login, keys], { tokenHeader: 'x-api-key' })],
      'tokenHeader: "x-api-key"',
    ],
    ['the id of local people', [route('a', [{ ...keys, id: 'local' }])], 'id: "local"'],
    [
      'people of an issuer that the route does not trust',
      [route('a', [keys, { ...keys, id: 'x', peopleOf: 'login' }])],
      'peopleOf "login"',
    ],
    [
      'people behind a second gateway with the same user ids as people of an issuer',
      [
        route('front', [{ ...login, subjectPrefix: 'keys:' }]),
        route('front-keys', [keys]),
        route('inner', [{ id: 'gate', issuer: GATE, audience: ['front', 'front-keys'], algorithms: ['ES256'] }]),
      ],
      'some with the same subjectPrefix',
    ],
  ])('routes that trust API keys do not load with %s', (_, routes, found) => {
    expect(faultsOf(...routes).join('\n')).toContain(found)
  })
})
