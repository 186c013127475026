import { endOfString } from './json-places'

/**
 * Takes members and items out of a JSON text, and leaves everything else as it is written: parsed and written anew, `1.0` and great
 * numbers would be others.
 *
 * @param text valid JSON; it is not checked
 * @param isRemoved is asked for each member and each item from the outside in, with the names that lead there (`*` for an item) and the
 *   text of the value
 */
export function without(text: string, isRemoved: (path: readonly string[], value: string) => boolean): string {
  let at = 0

  const skipSpace = (): void => {
    while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  }

  /** Reads the value that begins here. @returns what is left of it */
  function value(path: readonly string[]): string {
    const from = at
    if (text[at] === '"') at = endOfString(text, at)
    else if (text[at] === '{' || text[at] === '[') return container(path)
    else while (at < text.length && !/[\s,\]}]/.test(text[at] ?? '')) at++
    return text.slice(from, at)
  }

  function container(path: readonly string[]): string {
    const from = at
    const isObject = text[at] === '{'
    const close = isObject ? '}' : ']'
    const left: string[] = []
    let hasChanged = false
    at++
    for (skipSpace(); text[at] !== close; skipSpace()) {
      const begin = at
      let name = '*'
      if (isObject) {
        at = endOfString(text, at)
        name = JSON.parse(text.slice(begin, at))
        skipSpace()
        at++ // The colon.
        skipSpace()
      }
      const here = [...path, name]
      const head = text.slice(begin, at)
      const start = at
      const rest = value(here)
      const whole = text.slice(start, at)
      const isGone = isRemoved(here, whole)
      if (!isGone) left.push(head + rest)
      hasChanged ||= isGone || rest !== whole
      skipSpace()
      if (text[at] === ',') at++
    }
    at++
    return hasChanged ? text[from] + left.join(',') + close : text.slice(from, at)
  }

  skipSpace()
  const begin = at
  const rest = value([])
  return text.slice(0, begin) + rest + text.slice(at)
}
