/** No text is encoded more often. */
const MOST_ROUNDS = 4

/**
 * A text without its percent-encoding, once for each time that it was put on: what is looked for
 * may stand in any of them. Bytes are characters here, since it is ASCII.
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
