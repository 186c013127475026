/**
 * The most rounds of percent-encoding that are decoded. The gateway assumes that no text is encoded
 * more often.
 */
const MOST_ROUNDS = 4

/**
 * Returns the text after each round of percent-decoding, because a search for a credential must
 * look at each of these texts. Each byte becomes one character; this is enough because credentials
 * are ASCII.
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
