/** The most rounds that are undone. No text is encoded more often. */
const MOST_ROUNDS = 4

/**
 * Returns a text after each round of percent-decoding, since a searched text may be in any of them.
 * Each byte becomes one character, since that text is ASCII.
 */
export function percentDecoded(text: string): readonly string[] {
  const forms: string[] = []
  for (let form = text; forms.length < MOST_ROUNDS; ) {
    const next = form.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    if (next === form) break
    forms.push(next)
    form = next
  }
  return forms
}
