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

describe('JSON that is parsed and written again', () => {
  it('is unchanged, whatever its numbers', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(JSON.stringify(parseAsWritten(given))).toBe(given)
      }),
      { numRuns: 2000 },
    )
  })

  it('has numbers that are not objects, and the same values as in JavaScript', () => {
    expect(isNumber(parseAsWritten('1.0'))).toBe(true)
    expect(isObject(parseAsWritten('1.0'))).toBe(false)
    expect(parseAsWritten('{"a":1.5,"b":[2]}')).toEqual({ a: 1.5, b: [2] })
  })

  it.each(['', '{', '[1', '01', '1.', '{"a":1.0,}', 'NaN'])('is refused if it is not JSON: %j', (given) => {
    expect(() => parseAsWritten(given)).toThrow(SyntaxError)
  })
})
