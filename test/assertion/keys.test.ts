import type { JWK } from 'jose'
import { expect, it } from 'vitest'
import { readSigningKeys } from '../../src/assertion/keys'
import { privateKey } from '../support/keys'

/* The secret SIGNING_KEYS, and what makes it unusable. */

const [ec, otherEc, ed, otherEd] = await Promise.all([
  privateKey('ES256'),
  privateKey('ES256'),
  privateKey('EdDSA'),
  privateKey('EdDSA'),
])
const read = async (...keys: unknown[]) => {
  const { keys: usable, fault } = await readSigningKeys(JSON.stringify({ keys }))
  return fault ?? usable.map(({ kid }) => kid)
}

it('SIGNING_KEYS may have several private keys; the id of a key is its kid or its thumbprint', async () => {
  expect(await read(ec, ed)).toEqual([ec.kid, ed.kid])
  const { kid: _, ...nameless } = ec
  // RFC 7638: the thumbprint, which the other key's id is as well, by jose.
  expect(await read(nameless)).toEqual([ec.kid])
})

it.each<[string, JWK, string]>([
  ['the public part of another key (P-256)', { ...ec, x: otherEc.x ?? '', y: otherEc.y ?? '' }, 'unsupported'],
  ['the public part of another key (Ed25519)', { ...ed, x: otherEd.x ?? '' }, 'unsupported'],
  ['an id that is a number', { ...ec, kid: 5 as never }, 'unsupported'],
  ['an id without characters', { ...ec, kid: '' }, 'unsupported'],
  ['an id that no verifier takes', { ...ec, kid: 'k'.repeat(257) }, 'unsupported'],
  ['a key for encryption', { ...ec, use: 'enc' }, 'unsupported'],
  ['another algorithm', { ...ec, alg: 'ES384' }, 'unsupported'],
])('SIGNING_KEYS with %s is refused as unsupported', async (_what, key, fault) => {
  expect(await read(key)).toBe(fault)
  expect(await read(ed, key)).toBe(fault)
})

it('SIGNING_KEYS is refused if a key has no private part or if two keys have the same id', async () => {
  const { d: _, ...open } = ec
  expect(await read(open)).toBe('not-private')
  expect(await read(ec, { ...otherEc, kid: ec.kid })).toBe('duplicate-kid')
})
