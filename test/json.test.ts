import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isNumber, isObject, parseAsWritten } from '../src/json'

const digits = fc.stringMatching(/^(?:0|[1-9]\d{0,24})$/)
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    digits,
    fc.option(fc.stringMatching(/^\.\d{1,25}$/)),
    fc.option(fc.stringMatching(/^[eE][+-]?\d{1,3}$/)),
  )
  .map(([sign, whole, fraction, exponent]) => `${sign}${whole}${fraction ?? ''}${exponent ?? ''}`)
const { json: text } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    number,
    fc.constantFrom('true', 'null', '"a: 1.0, [2.50]"', '{}', '[]'),
    fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(tie('json'), { maxLength: 4 })
      .map((items) => `{${items.map((item, at) => `"${at}a":${item}`).join(',')}}`),
  ),
}))

describe('JSON parsed and written again', () => {
  it('JSON text stays unchanged if it is parsed and written again, whatever its numbers', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(JSON.stringify(parseAsWritten(given))).toBe(given)
      }),
      { numRuns: 2000 },
    )
  })

  it('numbers in parsed JSON are not objects, and they equal the same numbers in JavaScript', () => {
    expect(isNumber(parseAsWritten('1.0'))).toBe(true)
    expect(isObject(parseAsWritten('1.0'))).toBe(false)
    expect(parseAsWritten('{"a":1.5,"b":[2]}')).toEqual({ a: 1.5, b: [2] })
  })

  it.each(['', '{', '[1', '01', '1.', '{"a":1.0,}', 'NaN'])(
    'the parser throws a SyntaxError for text that is not JSON: %j',
    (given) => {
      expect(() => parseAsWritten(given)).toThrow(SyntaxError)
    },
  )
})
