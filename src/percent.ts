/** The most rounds of percent-encoding that are decoded. No text is encoded more often. */
const MOST_ROUNDS = 4

/**
 * Returns a text after each round of percent-decoding, because a search must look at each of them.
 * Each byte becomes one character, because the text that is searched for is ASCII.
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
