/** Returns lines that say which members of a JSON body the gateway removed, changed and added. */
export function bodyChanges(sent: string | undefined, received: string): string[] {
  const [before, after] = [membersOf(parsed(sent)), membersOf(parsed(received))]
  // An empty object that the gateway filled with members does not count as removed.
  const isFilled = (at: string) => [...after.keys()].some((other) => other.startsWith(`${at}.`))
  const removed = [...before.keys()].filter((at) => !after.has(at) && !isFilled(at))
  const changed = [...before.keys()].filter((at) => after.has(at) && after.get(at) !== before.get(at))
  const added = [...after.keys()].filter((at) => !before.has(at))
  return [
    ...line('Removed from the body', removed),
    ...line('Changed in the body', changed),
    ...line('Added to the body', added),
  ]
}

const line = (what: string, places: readonly string[]): string[] =>
  places.length === 0 ? [] : [`${what}: ${places.join(', ')}`]

/** Returns all values in a JSON body except objects with members, by their paths. */
function membersOf(value: unknown, at = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0)
    return value === undefined || at === '' ? new Map() : new Map([[at, JSON.stringify(value)]])
  return new Map(
    Object.entries(value).flatMap(([name, each]) => {
      const inner = Array.isArray(value) ? `${at}[${name}]` : at === '' ? name : `${at}.${name}`
      return [...membersOf(each, inner)]
    }),
  )
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
