import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kinds } from '../../src/agents/kinds'
import { dataOf, eventEdited, eventsOf } from '../../src/event-text'
import { members, removed } from '../../src/json-edit'
import { EventCutter, EventTooLarge } from '../../src/origin/event-cutter'

const bytes = (text: string) => new TextEncoder().encode(text)
const text = (parts: readonly Uint8Array[]) => Buffer.concat(parts).toString()

/** The pieces that the cutter gives out for each chunk, and at the end. */
function cut(chunks: readonly (string | Uint8Array)[]): string[] {
  const cutter = new EventCutter()
  const given = chunks.map((chunk) => cutter.push(typeof chunk === 'string' ? bytes(chunk) : chunk))
  return [...given, cutter.rest()].map((part) => (part ? Buffer.from(part).toString() : ''))
}

describe('EventCutter', () => {
  it.each<[string, string[], string[]]>([
    ['an event', ['data: 1\n\n'], ['data: 1\n\n', '']],
    ['a part of an event', ['data: 1\n'], ['', 'data: 1\n']],
    ['an event and a part', ['data: 1\n\ndata'], ['data: 1\n\n', 'data']],
    ['several events', ['data: 1\n\ndata: 2\n\nda'], ['data: 1\n\ndata: 2\n\n', 'da']],
    ['a blank line in two chunks', ['data: 1\n', '\ndata'], ['', 'data: 1\n\n', 'data']],
    ['CR LF', ['data: 1\r\n\r\ndata'], ['data: 1\r\n\r\n', 'data']],
    ['CR LF in four chunks', ['data: 1\r', '\n', '\r', '\nx'], ['', '', '', 'data: 1\r\n\r\n', 'x']],
    ['CR', ['data: 1\r\rdata'], ['data: 1\r\r', 'data']],
    ['LF and then CR LF', ['data: 1\n\r\ndata'], ['data: 1\n\r\n', 'data']],
    ['CR LF and then LF', ['data: 1\r\n\ndata'], ['data: 1\r\n\n', 'data']],
    ['line ends that are no blank line', ['a\r\nb\nc\r'], ['', 'a\r\nb\nc\r']],
    ['a character in two chunks', ['data: ', 'ü\n\n'], ['', 'data: ü\n\n', '']],
    ['nothing', [''], ['', '']],
  ])('EventCutter passes complete events and holds the rest until the end: %s', (_what, chunks, given) => {
    expect(cut(chunks)).toEqual(given)
  })

  it('EventCutter throws EventTooLarge if an event is larger than 8 MiB', () => {
    const cutter = new EventCutter()
    const megabyte = new Uint8Array(1024 * 1024)
    for (let count = 0; count < 8; count++) expect(cutter.push(megabyte)).toBeUndefined()
    expect(() => cutter.push(megabyte)).toThrow(EventTooLarge)
  })

  const line = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }).map((value) => `data: ${value.replace(/[\r\n]/g, '')}`),
    fc.constantFrom(': ping', 'id: 1', 'event: x', 'data', ''),
  )
  const stream = fc.tuple(fc.array(line, { maxLength: 20 }), fc.constantFrom('\n', '\r\n', '\r'), fc.boolean())

  it('EventCutter returns all bytes of any stream in any chunks, and splits only between events', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(40), { maxLength: 30 }), ([lines, end, isEnded], sizes) => {
        const whole = bytes(lines.join(end) + (isEnded ? end + end : ''))
        const chunks: Uint8Array[] = []
        let at = 0
        for (const size of sizes) {
          chunks.push(whole.subarray(at, at + size))
          at += size
        }
        chunks.push(whole.subarray(at))

        const cutter = new EventCutter()
        const passed = chunks.map((chunk) => cutter.push(chunk)).filter((part) => part !== undefined)
        const rest = cutter.rest()
        expect(text([...passed, ...(rest ? [rest] : [])])).toBe(text([whole]))
        for (const part of passed) expect(text([part]).endsWith(end + end)).toBe(true)
        if (rest) expect(text([rest]).slice(0, -1)).not.toContain(end + end)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('eventEdited', () => {
  const edit = members({ secret: removed })

  it.each([
    ['data: {"secret":1,"a":2.0}\n\n', 'data: {"a":2.0}\n\n'],
    ['data:{"secret":1}\r\n\r\n', 'data: {}\n\n'],
    ['id: 1\ndata: {"secret":1}\nevent: x\n\n', 'id: 1\nevent: x\ndata: {}\n\n'],
    ['data: {"secret":\ndata: 1}\n\n', 'data: {}\n\n'],
    ['data: {"secret":1,\ndata: "a":2}\n\n', 'data: {\ndata: "a":2}\n\n'],
    ['data\ndata: {"secret":1}\n\n', 'data: \ndata: {}\n\n'],
    ['\ufeffdata: {"secret":1}\n\n', 'data: {}\n\n'],
  ])('eventEdited removes the member "secret" from the data of the event %j', (event, cleared) => {
    expect(eventEdited(event, edit)).toBe(cleared)
  })

  it.each([
    'data: {"a":1}\r\n: secret\r\n\r\n',
    ': secret\n\n',
    'data: secret\n\n',
    'data: {"secret":\n\n',
    'data:[{"secret":1}]\r\r',
  ])('eventEdited does not change %j, because its data is no JSON object with "secret"', (event) => {
    expect(eventEdited(event, edit)).toBe(event)
  })

  it('eventEdited removes a member completely, however the data is split into lines', () => {
    const event = fc
      .tuple(fc.json({ maxDepth: 2 }), fc.array(fc.nat({ max: 40 })), fc.constantFrom('\n', '\r\n', '\r'))
      .map(([value, cuts, end]) => {
        const text = JSON.stringify({ before: 1, secret: 'CANARY', value: JSON.parse(value) }, null, 1)
        const lines = text.split('\n').flatMap((line, index) => (cuts.includes(index) ? ['', line] : [line]))
        return `${lines.map((line) => `data: ${line}`).join(end)}${end}${end}`
      })
    fc.assert(
      fc.property(event, (text) => {
        const made = eventEdited(text, edit)
        expect(made).not.toContain('CANARY')
        expect(dataOf(made)).toMatchObject({ before: 1 })
      }),
    )
  })
})

describe('dataOf', () => {
  it.each<[string, unknown]>([
    ['data: {"a":1}\n\n', { a: 1 }],
    ['event: x\ndata: [1,\ndata: 2]\n\n', [1, 2]],
    [': comment\n\n', undefined],
    ['data: no\n\n', undefined],
  ])('dataOf returns the JSON data of an event, or undefined if there is none: %j', (event, value) => {
    expect(dataOf(event)).toEqual(value)
  })
})

describe('error events that the gateway makes (T32)', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\r', '\n', '\r\n', '\u2028', '\u2029', '\0', '\u0085', '\n\ndata: {}\n\n', '\revent: x', '"}\n\n'),
    fc.string({ unit: fc.constantFrom('\r', '\n', '\0', '"', '\\', 'data: ', ':') }),
  )

  it.each(['ag-ui', 'ag2', 'maf', 'langgraph'] as const)(
    'an error event of the gateway stays a single event, whatever text it contains: %s',
    (kind) => {
      fc.assert(
        fc.property(hostile, hostile, (code, message) => {
          const event = kinds[kind].brokenStream?.(code, message) ?? ''
          expect(eventsOf(event)).toEqual([event])
          const fields = kind === 'langgraph' ? ['event: error', 'data: '] : ['data: ']
          const lines = event.split(/\r\n|\n|\r/)
          expect(lines.map((line, index) => line.startsWith(fields[index] ?? '\n'))).toEqual([
            ...fields.map(() => true),
            false,
            false,
          ])
          expect(event).not.toMatch(/[\0\r]/)
          const told = kind === 'langgraph' ? { error: code, message } : { type: 'RUN_ERROR', message, code }
          expect(dataOf(event)).toEqual(told)
        }),
        { numRuns: 1000 },
      )
    },
  )

  it('an error event of the gateway ends an AG-UI run, and is named "error" for LangGraph', () => {
    expect(kinds['ag-ui'].isLast?.(dataOf(kinds['ag-ui'].brokenStream?.('c', 'm') ?? '') as never)).toBe(true)
    expect(kinds.langgraph.brokenStream?.('c', 'm')).toBe('event: error\ndata: {"error":"c","message":"m"}\n\n')
  })
})
