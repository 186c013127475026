import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { EventReader } from '../../bench/rig/event-reader'
import { othersIn } from '../../bench/rig/people'
import { eventOf, type Kind } from '../../bench/rig/story'
import { type Asked, StreamCheck } from '../../bench/rig/stream-check'

const EVENTS = 40
const DERIVED = '0b8a6f0e-7f1d-8a55-9a55-6f0a4f0c9d11'
const askedFor = (kind: Kind, stream = 7): Asked => ({
  kind,
  stream,
  events: EVENTS,
  person: 'user-1',
  ...(kind === 'ag-ui' && { thread: 'a thread' }),
})
/**
 * Members that the agent adds to the first and the last event, once the gateway has put the
 * caller's id back.
 */
const idsOf = ({ kind }: Asked) => ({
  person: 'user-1',
  ...(kind === 'ag-ui' && {
    threadId: 'a thread',
    threadDigest: createHash('sha256').update(DERIVED).digest('hex'),
  }),
})
const eventsOf = (asked: Asked): string[] =>
  Array.from({ length: EVENTS }, (_, index) =>
    eventOf(asked, index, index === 0 || index === EVENTS - 1 ? idsOf(asked) : {}),
  )

/** Checks a stream whose text arrives in pieces of a few characters. */
function checked(asked: Asked, events: readonly string[], pieceChars = 1000): StreamCheck {
  const check = new StreamCheck(asked)
  const reader = new EventReader((data) => check.push(data))
  const text = events.join('')
  for (let from = 0; from < text.length; from += pieceChars) reader.push(text.slice(from, from + pieceChars))
  return check
}

describe.each(['ag-ui', 'mcp'] as const)('the check of a stream of the load rig (%s)', (kind) => {
  const asked = askedFor(kind)
  const events = eventsOf(asked)
  const part = (from: number, to?: number) => events.slice(from, to)

  it.each([1, 7, 100_000])('finds no fault in a correct stream, in pieces of %i characters', (chars) => {
    const check = checked(asked, events, chars)
    expect(check).toMatchObject({ faults: [], events: EVENTS, isWhole: true, told: undefined })
  })

  it('sees events of a few characters and of tens of thousands', () => {
    const many = Array.from({ length: 400 }, (_, stream) => eventOf(askedFor(kind, stream), 5, {}).length)
    expect(Math.min(...many)).toBeLessThan(150)
    expect(Math.max(...many)).toBeGreaterThan(20_000)
  })

  it.each([
    ['doubled', [...part(0, 10), ...part(9)], 'found event 9 (doubled or late), expected event 10'],
    ['lost', [...part(0, 10), ...part(11)], 'found event 11 (others are lost or late), expected event 10'],
    [
      'swapped',
      [...part(0, 10), ...part(11, 12), ...part(10, 11), ...part(12)],
      'found event 11 (others are lost or late), expected event 10',
    ],
    [
      'of another stream',
      [...part(0, 10), eventOf(askedFor(kind, 8), 10, {}), ...part(10)],
      'found event 10 of stream 8, expected events of this stream alone',
    ],
    [
      'with another text',
      [...part(0, 10), (events[10] ?? '').replace(/"text":"[^"]*/, '"text":"other'), ...part(11)],
      'found other text in event 10, expected',
    ],
    ['whose end is doubled', [...part(0, 10), '"}\n\n', ...part(10)], 'found data that is not JSON ("}), expected'],
    ['that is half', [...part(0, 10), 'data: {"stream":7,\n\n', ...part(10)], 'found data that is not JSON'],
    [
      'for another person',
      [eventOf(asked, 0, { ...idsOf(asked), person: 'user-2' }), ...part(1)],
      "found the agent's caller user-2, expected user-1",
    ],
  ])('reports an event that is %s', (_what, wrong, sentence) => {
    const { faults } = checked(asked, wrong)
    expect(faults.join('\n')).toContain(sentence)
  })

  it('notices a stream without its last event', () => {
    expect(checked(asked, part(0, -1))).toMatchObject({ faults: [], isWhole: false })
  })

  it('reads the final error of the gateway, and reports an event after it', () => {
    const told = 'data: {"type":"RUN_ERROR","message":"…","code":"origin-cut"}\n\n'
    expect(checked(asked, [...part(0, 10), told])).toMatchObject({ faults: [], told: 'origin-cut', isWhole: false })
    expect(checked(asked, [...part(0, 10), told, ...part(10, 11)]).faults).toEqual([
      'found event 10 after RUN_ERROR, expected none',
    ])
  })
})

describe('the ids of a stream of the load rig', () => {
  const asked = askedFor('ag-ui')
  const others = eventsOf(asked).slice(1)

  it('are those of the caller in events', () => {
    const first = eventOf(asked, 0, { ...idsOf(asked), threadId: DERIVED })
    expect(checked(asked, [first, ...others]).faults).toEqual([`found the thread ${DERIVED}, expected a thread`])
  })

  it('differ from those that the agent saw', () => {
    const threadDigest = createHash('sha256').update('a thread').digest('hex')
    const first = eventOf(asked, 0, { ...idsOf(asked), threadDigest })
    expect(checked(asked, [first, ...others]).faults).toEqual([
      'found that the agent saw the thread id as sent, expected a derived one',
    ])
  })
})

describe('the check of a reply to one of many people in the load rig', () => {
  it('accepts a reply that names the person who asked', () => {
    expect(othersIn('person-50-1', 200, '{"owner":"person-50-1"}')).toEqual([])
  })

  it.each([
    ['names another person', 200, 'person-50-1 and person-50-11', 'found the data of person-50-11'],
    ['names nobody', 200, '{}', 'found a reply without a name'],
    ['is refused', 403, '{}', 'found status 403'],
  ])('refuses a reply that %s', (_what, status, text, sentence) => {
    expect(othersIn('person-50-1', status, text).join()).toContain(sentence)
  })
})
