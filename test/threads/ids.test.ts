import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Ids, idsOf, MAX_IDS } from '../../src/threads/ids'
import { importThreadKeys, threadSecretFault } from '../../src/threads/secret'
import type { Sort } from '../../src/threads/sort'

const SORTS: readonly Sort[] = ['thread', 'run', 'session', 'task', 'context', 'request-state']
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** RFC 9562: version 8, and the variant of that document. */
const UUID_V8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const keys = await importThreadKeys('a secret of these tests, of no use elsewhere')
/** Those of a new request each time. */
const alice = () => idsOf(keys, 'support', 'alice')

/**
 * Halves of surrogate pairs are in it: JSON can write them, and UTF-8 cannot tell one from another.
 */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('', '"', '\\', ',', '","', '["', '\u0000', '\u2028'),
  fc.array(fc.integer({ min: 0xd800, max: 0xdfff }), { maxLength: 3 }).map((units) => String.fromCharCode(...units)),
)
const place = fc.record({ sort: fc.constantFrom(...SORTS), route: anyText, owner: anyText, id: anyText })
type Place = typeof place extends fc.Arbitrary<infer T> ? T : never

const idsAt = ({ route, owner }: Pick<Place, 'route' | 'owner'>): Ids => idsOf(keys, route, owner)
const isSame = (one: Place, other: Place) =>
  one.sort === other.sort && one.route === other.route && one.owner === other.owner && one.id === other.id

/** Two places that differ in one part, in all, or in where one part ends and the next begins. */
const neighbours = fc.oneof(
  fc.tuple(place, place),
  fc
    .tuple(place, place, fc.constantFrom<keyof Place>('sort', 'route', 'owner', 'id'))
    .map(([one, other, part]): [Place, Place] => [one, { ...one, [part]: other[part] }]),
  place.map((one): [Place, Place] => [one, { ...one, route: one.route + one.owner, owner: '' }]),
  place.map((one): [Place, Place] => [one, { ...one, owner: one.owner + one.id, id: '' }]),
)

describe('derived ids', () => {
  it('a derived id is a UUIDv8, always the same, and unique to owner, route, sort and id (X6)', async () => {
    const made = new Map<string, Place>()
    await fc.assert(
      fc.asyncProperty(neighbours, async ([one, other]) => {
        const [first, again, second] = await Promise.all([
          idsAt(one).derive(one.sort, one.id),
          idsAt(one).derive(one.sort, one.id),
          idsAt(other).derive(other.sort, other.id),
        ])
        expect(first).toMatch(UUID_V8)
        expect(again).toBe(first)
        expect(first === second).toBe(isSame(one, other))
        for (const [id, its] of [[first, one] as const, [second, other] as const]) {
          const before = made.get(id)
          if (before) expect(isSame(before, its)).toBe(true)
          made.set(id, its)
        }
      }),
      { numRuns: 2000 },
    )
    expect(made.size).toBeGreaterThan(1500)
  })

  it('a derived id changes with the thread secret and cannot be opened as a sealed id', async () => {
    const other = idsOf(await importThreadKeys('another secret of these tests, as useless'), 'support', 'alice')
    expect(await other.derive('thread', 't')).not.toBe(await alice().derive('thread', 't'))
    expect(await alice().open('thread', await alice().derive('thread', 't'))).toBeUndefined()
  })
})

describe('sealed ids', () => {
  it('a sealed id opens for its owner as exactly the id that was sealed (X6)', async () => {
    await fc.assert(
      fc.asyncProperty(place, fc.constantFrom('', '.', 'a.b', '.'.repeat(44)), async (at, more) => {
        const given = `${at.id || 'x'}${more}`
        expect(await idsAt(at).open(at.sort, await idsAt(at).seal(at.sort, given))).toBe(given)
      }),
      { numRuns: 1000 },
    )
  })

  it('a sealed id does not open for another owner, on another route, or as another sort of id (X6)', async () => {
    await fc.assert(
      fc.asyncProperty(neighbours, async ([one, other]) => {
        fc.pre(!isSame({ ...one, id: '' }, { ...other, id: '' }))
        const sealed = await idsAt(one).seal(one.sort, one.id || 'x')
        expect(await idsAt(other).open(other.sort, sealed)).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })

  it('a sealed id does not open if a character is changed, left out or added', async () => {
    const sealed = await alice().seal('run', 'r1')
    const last = sealed.length - 1
    for (let at = 0; at <= last; at++) {
      const changed = [...BASE64URL, '.', ' ', '=', '\u0000', 'é'].filter((by) => by !== sealed[at])
      // The last character has two bits to spare, which is another matter.
      const spoilt = changed.filter((by) => at < last || !BASE64URL.includes(by))
      const variants = [
        ...spoilt.map((by) => sealed.slice(0, at) + by + sealed.slice(at + 1)),
        ...changed.map((by) => sealed.slice(0, at) + by + sealed.slice(at)),
        sealed.slice(0, at) + sealed.slice(at + 1),
      ]
      for (const variant of variants)
        expect([variant, await alice().open('run', variant)]).toEqual([variant, undefined])
    }
  })

  it('a sealed id does not open with padding, white space or standard base64 in its seal', async () => {
    for (let n = 0; n < 200; n++) {
      const sealed = await alice().seal('run', `r${n}`)
      const dot = sealed.lastIndexOf('.')
      const [given, mark] = [sealed.slice(0, dot), sealed.slice(dot + 1)]
      for (const variant of [`${mark}=`, `${mark}==`, `${mark}\n`, ` ${mark}`, `${mark.slice(0, 9)}\t${mark.slice(9)}`])
        expect(await alice().open('run', `${given}.${variant}`)).toBeUndefined()
      const standard = mark.replaceAll('-', '+').replaceAll('_', '/')
      if (standard !== mark) expect(await alice().open('run', `${given}.${standard}`)).toBeUndefined()
      // One of 43 characters still, so that its length does not give it away.
      for (const variant of [`${mark.slice(0, -1)}=`, `${mark.slice(0, -1)} `, ` ${mark.slice(1)}`])
        expect(await alice().open('run', `${given}.${variant}`)).toBeUndefined()
    }
  })

  it('a sealed id opens with another last character only if that character decodes to the same bits', async () => {
    const sealed = await alice().seal('run', 'r1')
    const digits = BASE64URL.indexOf(sealed.at(-1) ?? '')
    for (const [value, by] of [...BASE64URL].entries()) {
      // 43 characters are 258 bits for 256. The agent and every store see the opened value, which
      // has one spelling.
      const expected = value >> 2 === digits >> 2 ? 'r1' : undefined
      expect([by, await alice().open('run', sealed.slice(0, -1) + by)]).toEqual([by, expected])
    }
  })

  it('a sealed id of another owner reaches the agent as an id that the agent has never issued', async () => {
    const bobs = await idsOf(keys, 'support', 'bob').seal('session', 's1')
    const asked = await alice().toAgent('session', bobs)
    expect(asked).toMatch(UUID_V8)
    expect(await alice().toAgent('session', 's1')).toMatch(UUID_V8)
    expect(await alice().toAgent('session', await alice().seal('session', 's1'))).toBe('s1')
  })
})

describe('rotation of the thread secret', () => {
  const [first, second, third] = ['first', 'second', 'third'].map((name) => `${name} secret of these tests, as useless`)
  const idsWith = async (...secrets: (string | undefined)[]) =>
    idsOf(await importThreadKeys(secrets.join('\n')), 'support', 'alice')

  it('after a rotation, ids sealed with the previous secret open, and new ids use the new secret', async () => {
    const before = await (await idsWith(first)).seal('session', 's1')
    const rotated = await idsWith(second, first)
    expect(await rotated.open('session', before)).toBe('s1')
    const after = await rotated.seal('session', 's1')
    expect(after).not.toBe(before)
    expect(await rotated.open('session', after)).toBe('s1')
    const again = await idsWith(third, second, first)
    expect(await again.open('session', after)).toBe('s1')
    expect(await again.open('session', before)).toBeUndefined()
  })

  it('derived ids stay the same after a rotation, because the oldest secret derives them', async () => {
    const before = await (await idsWith(first)).derive('thread', 't1')
    for (const secrets of [
      [second, first],
      [third, second, first],
    ])
      expect(await (await idsWith(...secrets)).derive('thread', 't1')).toBe(before)
    expect(await (await idsWith(second)).derive('thread', 't1')).not.toBe(before)
  })

  it('a thread secret is refused if a line has fewer than 32 characters or if no line is set', () => {
    expect(threadSecretFault(`${second}\n${first}\n`)).toBeUndefined()
    expect(threadSecretFault(`${second}\nshort`)).toMatch(/fewer than 32/)
    for (const none of [undefined, '', '\n  \n']) expect(threadSecretFault(none)).toBe('is not set')
  })
})

describe('ids in a request (X15)', () => {
  it.each(['derive', 'open', 'toAgent'] as const)(
    'a request that names more than 100 ids is refused with body-invalid: %s',
    async (use) => {
      const ids = alice()
      for (let named = 0; named < MAX_IDS; named++) await ids[use]('run', `r${named}`)
      await expect(ids[use]('run', 'r')).rejects.toMatchObject({ code: 'body-invalid', reason: 'too many ids' })
      await expect(alice()[use]('run', 'r')).resolves.not.toThrow()
    },
  )

  it('the limit of 100 ids in a request does not limit the ids in its answer', async () => {
    const ids = alice()
    for (let given = 0; given < 5 * MAX_IDS; given++) await ids.seal('run', `r${given}`)
    expect(await ids.open('run', await ids.seal('run', 'r'))).toBe('r')
  })
})
