/** Shortens a text to a number of characters, and appends how many were removed. */
export const cutText = (text: string, chars: number): string =>
  text.length <= chars ? text : `${text.slice(0, chars)} and ${text.length - chars} more`

/** Shortens a list to a number of items, and appends how many were removed. */
export const cutList = (texts: readonly unknown[], items: number): readonly unknown[] =>
  texts.length <= items ? texts : [...texts.slice(0, items), `and ${texts.length - items} more`]

/**
 * Returns a copy of a JSON value in which `text` replaces every text and `list` every list, at any
 * depth.
 */
export function mapped(
  value: unknown,
  text: (text: string) => string,
  list: (items: readonly unknown[]) => readonly unknown[] = (items) => items,
): unknown {
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return list(value).map((item) => mapped(item, text, list))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapped(member, text, list)]))
}
