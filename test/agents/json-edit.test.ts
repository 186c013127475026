import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { without } from '../../src/agents/json-edit'

const dropping =
  (...paths: readonly string[]) =>
  (path: readonly string[]) =>
    paths.includes(path.join('.'))

describe('members taken out of a JSON text', () => {
  it.each([
    ['{"a":1,"b":2}', ['a'], '{"b":2}'],
    ['{"a":1,"b":2}', ['b'], '{"a":1}'],
    ['{ "a" : 1 , "b" : 2.0 , "c" : 12345678901234567890 }', ['a'], '{"b" : 2.0,"c" : 12345678901234567890}'],
    ['{"a":{"b":1,"c":[1, 2]}}', ['a.b'], '{"a":{"c":[1, 2]}}'],
    ['[{"a":1},{"a":2,"b":3}]', ['*.a'], '[{},{"b":3}]'],
    ['{"\\u0061":1,"b":"}\\"]"}', ['a'], '{"b":"}\\"]"}'],
    ['{"a":1,"a":2,"b":3}', ['a'], '{"b":3}'],
    [' {"x":{"a":1}} ', ['a'], ' {"x":{"a":1}} '],
    ['"a"', ['a'], '"a"'],
    ['{}', ['a'], '{}'],
    ['[[],{},"",null,true,-1.5e-3]', ['a'], '[[],{},"",null,true,-1.5e-3]'],
  ] as const)('%s without %j is %s', (text, paths, expected) => {
    expect(without(text, dropping(...paths))).toBe(expected)
  })

  it('items are taken out by what they are', () => {
    const text = '[{"path":"/a"},{"path":"/b"}, {"path":"/a"}]'
    expect(without(text, (path, value) => path.length === 1 && JSON.parse(value).path === '/a')).toBe('[{"path":"/b"}]')
  })

  it('a text is left to the letter where nothing is taken out, and means the same without it where something is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(2), fc.boolean(), (value, spaces, hasDropped) => {
        const text = JSON.stringify({ kept: value, dropped: value, list: [value] }, null, spaces)
        expect(without(text, () => false)).toBe(text)
        const expected = hasDropped ? { kept: value, list: [value] } : { kept: value, dropped: value, list: [] }
        const path = hasDropped ? 'dropped' : 'list.*'
        expect(JSON.parse(without(text, (at) => at.join('.') === path))).toEqual(JSON.parse(JSON.stringify(expected)))
      }),
    )
  })
})
