import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../src/json'
import { cutFrom, type Edit, items, members, removed } from '../src/json-edit'

const spaced = (value: Json) => fc.constantFrom(undefined, 1, '\t').map((space) => JSON.stringify(value, null, space))
const name = fc.constantFrom('gone', 'kept', 'in', 'a "quote\\', '世')
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(1, null, true, 'gone', '"{[,', '\\', -0.5),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value

const without = (value: Json): Json => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const { gone: _, ...kept } = value
  return kept
}

describe('edits of JSON text', () => {
  it.each<[string, Edit, string | undefined]>([
    ['{"gone":1}', members({ gone: removed }), '{}'],
    ['{"gone":1,"a":2}', members({ gone: removed }), '{"a":2}'],
    ['{"a":2,"gone":1}', members({ gone: removed }), '{"a":2}'],
    ['{ "gone" : 1 , "a" : 2.0 }', members({ gone: removed }), '{ "a" : 2.0 }'],
    ['{"gone":1,"gone":2,"a":1.10,"gone":3}', members({ gone: removed }), '{"a":1.10}'],
    ['{"g\\u006fne":1,"n":12345678901234567890}', members({ gone: removed }), '{"n":12345678901234567890}'],
    ['{"a":{"gone":1},"gone":[{"x":"]}"}]}', members({ gone: removed }), '{"a":{"gone":1}}'],
    ['[1, 2.0 ,3]', items((text) => (text === '2.0' ? undefined : text)), '[1,3]'],
    ['[1]', items(removed), '[]'],
    ['[1,2,3]', items((text) => (text === '1' ? undefined : text)), '[2,3]'],
    ['{"a":[{"gone":1},{"b":1.0}]}', members({ a: items(members({ gone: removed })) }), '{"a":[{},{"b":1.0}]}'],
    ['{"gone":1}', items(removed), '{"gone":1}'],
    ['"gone"', members({ gone: removed }), '"gone"'],
    [' [ ] ', items(removed), ' [ ] '],
    ['{}', members({ gone: removed }), '{}'],
    ['{"constructor":1,"__proto__":2}', members({ gone: removed }), '{"constructor":1,"__proto__":2}'],
  ])('an edit of the JSON text %s removes only the chosen members and items', (text, edit, expected) => {
    expect(edit(text)).toBe(expected)
  })

  it('an edit of JSON text gives the same value as an edit of the parsed JSON', () => {
    const model = (value: Json): Json => {
      const kept = without(value)
      if (typeof kept !== 'object' || kept === null || Array.isArray(kept) || !Array.isArray(kept.in)) return kept
      return { ...kept, in: kept.in.map(without) }
    }
    const edit = members({ gone: removed, in: items(members({ gone: removed })) })
    fc.assert(
      fc.property(
        json.chain((value) => spaced(value).map((text) => [value, text] as const)),
        ([value, text]) => {
          expect(JSON.parse(edit(text) ?? '')).toEqual(model(value))
        },
      ),
    )
  })

  it('an edit or a cut that matches nothing keeps every byte of the JSON text', () => {
    const edit = members({
      absent: removed,
      in: members({ absent: removed }),
      kept: items(members({ absent: removed })),
    })
    const cut = cutFrom(new Set(['in']), new Set(['absent']))
    fc.assert(
      fc.property(json.chain(spaced), (text) => {
        expect([edit(text), cut(text)]).toEqual([text, text])
      }),
    )
  })
})

describe('cuts of members inside objects of certain names', () => {
  const cut = cutFrom(new Set(['in']), new Set(['gone']))

  it.each([
    ['{"in":{"gone":1}}', '{"in":{}}'],
    ['{"gone":1,"in":{"a":1.0,"gone":[{"gone":2}],"b":"gone"}}', '{"gone":1,"in":{"a":1.0,"b":"gone"}}'],
    ['{"in":{"a":1,"gone":2,"gone":3}}', '{"in":{"a":1}}'],
    ['{"in":{"gone":2,"gone":3}}', '{"in":{}}'],
    ['{"in":[{"gone":1}],"x":{"in":{"gone":1}}}', '{"in":[{"gone":1}],"x":{"in":{}}}'],
    ['{"in":{"deep":{"gone":1},"in":{"gone":2}}}', '{"in":{"deep":{"gone":1},"in":{}}}'],
    ['{"\\u0069n":{"\\u0067one":1}}', '{"\\u0069n":{}}'],
    ['{"a":"in","b":{"gone":1}}', '{"a":"in","b":{"gone":1}}'],
  ])('a cut removes members named "gone" only from objects named "in": %s', (text, expected) => {
    expect(cut(text)).toBe(expected)
  })

  it('a cut in 60,000 objects does not take quadratic time', () => {
    const one = '{"in":{"a":1,"gone":2}}'
    // With the square it would be a minute.
    expect(cut(`[${Array(60_000).fill(one).join()}]`)).toBe(`[${Array(60_000).fill('{"in":{"a":1}}').join()}]`)
  })

  it('a cut of JSON text gives the same value as a cut of the parsed JSON', () => {
    const model = (value: Json, isHolder = false): Json => {
      if (typeof value !== 'object' || value === null) return value
      if (Array.isArray(value)) return value.map((item) => model(item))
      const kept = isHolder ? (without(value) as Record<string, Json>) : value
      return Object.fromEntries(Object.entries(kept).map(([key, item]) => [key, model(item, key === 'in')]))
    }
    fc.assert(
      fc.property(
        json.chain((value) => spaced(value).map((text) => [value, text] as const)),
        ([value, text]) => {
          expect(JSON.parse(cut(text) ?? '')).toEqual(model(value))
        },
      ),
    )
  })
})
