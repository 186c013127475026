import { plainName } from '../json'
import { endOfString } from '../json-edit'

/**
 * Places in a JSON text. A place is given by the names of the members that lead to it. Names are in
 * lower case, without `_`, `-` and `.`. Lists add no step: a list has the shape of its items.
 */
export type Shape<Sort> = ReadonlyMap<string, Sort | Shape<Sort>>

export const shape = <Sort>(members: Readonly<Record<string, Sort | Shape<Sort>>>): Shape<Sort> =>
  new Map(Object.entries(members))

/** A string that was found in a JSON text. Its position in the text includes the quotes. */
export interface Placed<Sort> {
  readonly sort: Sort
  readonly text: string
  readonly from: number
  readonly to: number
}

/** The characters of valid JSON that matter for finding strings. */
const TOKEN = /["{}[\]]/g
const COLON = /\s*:/y

/**
 * Finds the strings at certain places of a JSON text, with their positions. It does not parse the
 * text as a whole, because parsing and writing it again would change `1.0` and large numbers.
 *
 * @param text valid JSON; it is not checked
 */
export function stringsAt<Sort extends string>(text: string, places: Sort | Shape<Sort>): readonly Placed<Sort>[] {
  const found: Placed<Sort>[] = []
  const open: (Sort | Shape<Sort> | undefined)[] = []
  let here: Sort | Shape<Sort> | undefined = places
  for (let from = next(TOKEN, text, 0); from >= 0; ) {
    let to = from + 1
    if (text[from] === '"') {
      to = endOfString(text, from)
      const around = open.at(-1)
      const isName = next(COLON, text, to) >= 0
      if (isName) here = around instanceof Map ? around.get(plainName(JSON.parse(text.slice(from, to)))) : undefined
      else if (typeof here === 'string') found.push({ sort: here, text: JSON.parse(text.slice(from, to)), from, to })
    } else if (text[from] === '{' || text[from] === '[') open.push(here)
    // In a list, the next item has the same shape. In an object, the name of the next member
    // decides its shape.
    else here = open.pop()
    from = next(TOKEN, text, to)
  }
  return found
}

/** Replaces the strings that `stringsAt` found, and leaves the rest of the text as it is. */
export async function stringsReplaced<Sort>(
  text: string,
  found: readonly Placed<Sort>[],
  replace: (found: Placed<Sort>) => Promise<string>,
): Promise<string> {
  let changed = ''
  let from = 0
  for (const each of found) {
    changed += text.slice(from, each.from) + JSON.stringify(await replace(each))
    from = each.to
  }
  return changed + text.slice(from)
}

/** Returns the position of the next match, or -1. */
function next(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? -1
}
