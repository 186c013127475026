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

describe.each(['ag-ui', 'mcp'] as const)('stream checks of the load test (%s)', (kind) => {
  const asked = askedFor(kind)
  const events = eventsOf(asked)
  const part = (from: number, to?: number) => events.slice(from, to)

  it.each([1, 7, 100_000])(
    'the load test finds no fault in a correct stream that arrives in pieces of %i characters',
    (chars) => {
      const check = checked(asked, events, chars)
      expect(check).toMatchObject({ faults: [], events: EVENTS, isWhole: true, told: undefined })
    },
  )

  it('the load test sends events of fewer than 150 and events of more than 20,000 characters', () => {
    const many = Array.from({ length: 400 }, (_, stream) => eventOf(askedFor(kind, stream), 5, {}).length)
    expect(Math.min(...many)).toBeLessThan(150)
    expect(Math.max(...many)).toBeGreaterThan(20_000)
  })

  it.each([
    ['is doubled', [...part(0, 10), ...part(9)], 'found event 9 (doubled or late), expected event 10'],
    ['is lost', [...part(0, 10), ...part(11)], 'found event 11 (others are lost or late), expected event 10'],
    [
      'is swapped with the next event',
      [...part(0, 10), ...part(11, 12), ...part(10, 11), ...part(12)],
      'found event 11 (others are lost or late), expected event 10',
    ],
    [
      'belongs to another stream',
      [...part(0, 10), eventOf(askedFor(kind, 8), 10, {}), ...part(10)],
      'found event 10 of stream 8, expected events of this stream alone',
    ],
    [
      'has another text',
      [...part(0, 10), (events[10] ?? '').replace(/"text":"[^"]*/, '"text":"other'), ...part(11)],
      'found other text in event 10, expected',
    ],
    ['ends twice', [...part(0, 10), '"}\n\n', ...part(10)], 'found data that is not JSON ("}), expected'],
    ['is incomplete', [...part(0, 10), 'data: {"stream":7,\n\n', ...part(10)], 'found data that is not JSON'],
    [
      'is for another person',
      [eventOf(asked, 0, { ...idsOf(asked), person: 'user-2' }), ...part(1)],
      "found the agent's caller user-2, expected user-1",
    ],
  ])('the load test reports an event that %s', (_what, wrong, sentence) => {
    const { faults } = checked(asked, wrong)
    expect(faults.join('\n')).toContain(sentence)
  })

  it('the load test does not count a stream as complete if its last event is missing', () => {
    expect(checked(asked, part(0, -1))).toMatchObject({ faults: [], isWhole: false })
  })

  it('the load test reads the final RUN_ERROR of the gateway and reports an event after it', () => {
    const told = 'data: {"type":"RUN_ERROR","message":"…","code":"origin-cut"}\n\n'
    expect(checked(asked, [...part(0, 10), told])).toMatchObject({ faults: [], told: 'origin-cut', isWhole: false })
    expect(checked(asked, [...part(0, 10), told, ...part(10, 11)]).faults).toEqual([
      'found event 10 after RUN_ERROR, expected none',
    ])
  })
})

describe('thread ids in streams of the load test', () => {
  const asked = askedFor('ag-ui')
  const others = eventsOf(asked).slice(1)

  it('the load test reports an event with the derived thread id instead of the id from the caller', () => {
    const first = eventOf(asked, 0, { ...idsOf(asked), threadId: DERIVED })
    expect(checked(asked, [first, ...others]).faults).toEqual([`found the thread ${DERIVED}, expected a thread`])
  })

  it('the load test reports a stream if the agent received the original thread id of the caller', () => {
    const threadDigest = createHash('sha256').update('a thread').digest('hex')
    const first = eventOf(asked, 0, { ...idsOf(asked), threadDigest })
    expect(checked(asked, [first, ...others]).faults).toEqual([
      'found that the agent saw the thread id as sent, expected a derived one',
    ])
  })
})

describe('replies to many people in the load test', () => {
  it('the load test accepts a reply that names the person who asked', () => {
    expect(othersIn('person-50-1', 200, '{"owner":"person-50-1"}')).toEqual([])
  })

  it.each([
    ['names another person', 200, 'person-50-1 and person-50-11', 'found the data of person-50-11'],
    ['names no person', 200, '{}', 'found a reply without a name'],
    ['has status 403', 403, '{}', 'found status 403'],
  ])('the load test reports a reply that %s', (_what, status, text, sentence) => {
    expect(othersIn('person-50-1', status, text).join()).toContain(sentence)
  })
})
