import { element } from './dom.js'
import { parse, section } from './wire-parts.js'

/** The ids that agents received, by the id that the page sent and the person who sent it. */
const seen = new Map()

/** Explains which thread and run ids the gateway replaced on the way to the agent. */
export function changedIds({ body, received: record, as }) {
  const sent = idsIn(body)
  const arrived = new Map(idsIn(parse(record.body)))
  const changed = sent.filter(([place, id]) => arrived.has(place) && arrived.get(place) !== id)
  if (changed.length === 0) return []
  const rows = changed.map(([place, id]) => {
    const now = arrived.get(place)
    const byPerson = seen.get(id) ?? new Map()
    seen.set(id, byPerson.set(as, now))
    const others = [...byPerson].filter(([person, other]) => person !== as && other !== now)
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, place),
      element(
        'td',
        {},
        element('s', {}, id),
        ` → ${now}`,
        ...others.map(([person, other]) =>
          element('small', { 'data-testid': 'other-thread' }, `for ${person} it was ${other}`),
        ),
      ),
    )
  })
  return [
    section(
      'Ids that the gateway changed',
      element(
        'p',
        { class: 'aside', 'data-testid': 'ids' },
        `Your agent sees an id that belongs to ${as} alone. Another person who sends the same id gets another thread.`,
      ),
      element('table', {}, element('tbody', {}, ...rows)),
    ),
  ]
}

/**
 * Returns the members of a body, at any depth, whose names mark them as ids.
 * @returns pairs of place and id
 */
function idsIn(value, place = '') {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([name, each]) => {
    const at = place ? `${place}.${name}` : name
    return typeof each === 'string' && /(?:thread|run|context|task|session)_?id$/i.test(name)
      ? [[at, each]]
      : idsIn(each, at)
  })
}
