import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Refusal } from '../../src/errors/refusal'
import { parseTarget } from '../../src/request/target'

const hosts = new Set(['gate.example', 'gate.example:8443'])

const said = (url: string): string => {
  try {
    const { path, query } = parseTarget(url, hosts)
    return path + query
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown.code
    throw thrown
  }
}

describe('addresses of requests', () => {
  it('the gateway reads the address of a request exactly as the URL standard does (T9)', () => {
    const host = fc.constantFrom(
      'gate.example',
      'GATE.example',
      'gate.example:80',
      'gate.example:8443',
      'x@gate.example',
      'else',
    )
    const piece = fc.oneof(
      fc.constantFrom(
        '/',
        '//',
        '..',
        '.',
        '%2e',
        '%2E.',
        '\\',
        '?',
        '#',
        "'",
        '"',
        '<',
        ' ',
        '\t',
        'é',
        '%C3%A9',
        '%zz',
        '|',
        '^',
        '`',
        '{',
      ),
      fc.constantFrom('a', 'Z', '-', '~', '!', '$', '&', '(', '*', '+', ',', ';', '=', '@', ':', '_', '%20', '%7C'),
    )
    const url = fc
      .tuple(host, fc.array(piece, { maxLength: 10 }))
      .map(([at, pieces]) => `http://${at}/${pieces.join('')}`)
    fc.assert(
      fc.property(url, (raw) => {
        const parsed = URL.parse(raw)
        fc.pre(parsed !== null)
        expect(said(raw)).toBe(said(parsed?.href.replace(/#.*$/s, '') ?? ''))
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    ['http://gate.example/a?q=%27x', '/a?q=%27x'],
    ["http://gate.example/a?q='x", '/a?q=%27x'],
    ['http://GATE.example:80/a/../b', '/b'],
    ['http://gate.example/a?', '/a'],
    ['http://gate.example', '/'],
    ['http://gate.example?x', '/?x'],
    ['http://gate.example:8443/a', '/a'],
    ['http://gate.example:444/a', 'host-unknown'],
    ['http://gate.example/a?%61ccess_token=x', 'token-in-url'],
    ['http://gate.example/a?x&access_token', 'token-in-url'],
  ])('the gateway reads or refuses the address %s as %s', (url, expected) => expect(said(url)).toBe(expected))
})
