/**
 * Edits JSON as text, so that values that are not edited keep their bytes. Parsing all values and
 * writing them again would change `1.0` and large numbers.
 */

/**
 * A function that returns the replacement of a JSON value. If it returns undefined, the value is
 * removed from its object or list.
 */
export type Edit = (text: string) => string | undefined

export const removed: Edit = () => undefined

/**
 * Returns an edit of an object's members by name. If a name occurs several times, every member of
 * that name is edited. A value that is not an object stays as it is.
 */
export function members(edits: Readonly<Record<string, Edit>>): Edit {
  return (text) =>
    edited(text, '{', (from) => {
      const colon = text.indexOf(':', endOfString(text, from))
      const name = JSON.parse(text.slice(from, colon)) as string
      return { valueFrom: afterSpace(text, colon + 1), edit: Object.hasOwn(edits, name) ? edits[name] : undefined }
    })
}

/**
 * Returns an edit that applies `edit` to each item of a list. A value that is not a list stays as
 * it is.
 */
export const items = (edit: (text: string, index: number) => string | undefined): Edit => {
  return (text) => {
    let count = 0
    return edited(text, '[', (from) => {
      const index = count++
      return { valueFrom: from, edit: (item) => edit(item, index) }
    })
  }
}

/** Returns an edit that applies these edits one after another. */
export const all =
  (...edits: readonly Edit[]): Edit =>
  (text) =>
    edits.reduce<string | undefined>((left, edit) => (left === undefined ? undefined : edit(left)), text)

interface Part {
  readonly valueFrom: number
  readonly edit: Edit | undefined
}

/**
 * Edits the members of an object or the items of a list.
 * @param text valid JSON; it is not checked.
 * @param partAt reads the member or item that begins at a position
 */
function edited(text: string, bracket: '{' | '[', partAt: (from: number) => Part): string {
  const start = afterSpace(text, 0)
  if (text[start] !== bracket) return text
  let at = afterSpace(text, start + 1)
  if (text[at] === '}' || text[at] === ']') return text
  let kept = ''
  /** The text from this position on has not been copied to `kept` yet. */
  let from = start + 1
  let isFirst = true
  const open = text.slice(0, from)
  for (;;) {
    const { valueFrom, edit } = partAt(at)
    const valueTo = endOfValue(text, valueFrom)
    const given = text.slice(valueFrom, valueTo)
    const made = edit ? edit(given) : given
    const end = afterSpace(text, valueTo)
    if (made !== undefined) {
      // Each comma is copied together with the part that follows the comma.
      const before = text.slice(from, valueFrom)
      kept += (isFirst ? before.replace(/^,/, '') : before) + made
      isFirst = false
    }
    from = valueTo
    if (text[end] !== ',') return open + kept + text.slice(valueTo)
    from = end
    at = afterSpace(text, end + 1)
  }
}

const SPACE = /[ \t\r\n]*/y
const PRIMITIVE = /[^,\]} \t\r\n]*/y
const TOKEN = /["{}[\]]/g

/**
 * Removes the members in `names` from every object that is the value of a member in `holders`, at
 * any depth.
 */
export function cutFrom(holders: ReadonlySet<string>, names: ReadonlySet<string>): Edit {
  return (text) => {
    const kept: string[] = []
    let from = 0
    /**
     * Tells for each object or list around the current position whether it is an object that is the
     * value of a member named in `holders`.
     */
    const around: boolean[] = []
    let name: string | undefined
    TOKEN.lastIndex = 0
    for (let token = TOKEN.exec(text); token; token = TOKEN.exec(text)) {
      const [found] = token
      const at = token.index
      if (found !== '"') {
        if (found === '{' || found === '[') around.push(found === '{' && holders.has(name ?? ''))
        else around.pop()
        name = undefined
        continue
      }
      TOKEN.lastIndex = endOfString(text, at)
      const colon = afterSpace(text, TOKEN.lastIndex)
      name = text[colon] === ':' ? (JSON.parse(text.slice(at, TOKEN.lastIndex)) as string) : undefined
      if (name === undefined || !around.at(-1) || !names.has(name)) continue
      const end = afterSpace(text, endOfValue(text, afterSpace(text, colon + 1)))
      kept.push(text.slice(from, at))
      from = text[end] === ',' ? end + 1 : end
      if (from === end) dropLastComma(kept)
      TOKEN.lastIndex = from
    }
    return kept.join('') + text.slice(from)
  }
}

/**
 * Removes the last comma from a text that is given in pieces. The comma is in the last piece that
 * contains more than white space.
 */
function dropLastComma(pieces: string[]): void {
  for (let at = pieces.length - 1; at >= 0; at--) {
    const piece = (pieces[at] ?? '').trimEnd()
    pieces[at] = piece.endsWith(',') ? piece.slice(0, -1) : piece
    if (piece !== '') return
  }
}

const afterSpace = (text: string, from: number): number => endOf(SPACE, text, from)

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  pattern.test(text)
  return pattern.lastIndex
}

function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return endOfString(text, from)
  if (text[from] !== '{' && text[from] !== '[') return endOf(PRIMITIVE, text, from)
  let depth = 0
  TOKEN.lastIndex = from
  for (let token = TOKEN.exec(text); token; token = TOKEN.exec(text)) {
    const [found] = token
    if (found === '"') TOKEN.lastIndex = endOfString(text, token.index)
    else if (found === '{' || found === '[') depth++
    else if (--depth === 0) return TOKEN.lastIndex
  }
  return text.length
}

/**
 * Returns the position at which the string that begins at `from` ends. A regular expression for a
 * whole string would use stack space for each escape in it.
 */
export function endOfString(text: string, from: number): number {
  for (let quote = text.indexOf('"', from + 1); ; quote = text.indexOf('"', quote + 1)) {
    let before = quote
    while (text[before - 1] === '\\') before--
    if ((quote - before) % 2 === 0) return quote + 1
  }
}
