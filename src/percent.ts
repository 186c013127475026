/**
 * A text without its percent-encoding, which is taken off as often as it was put on, but three times at most. Bytes are
 * characters here: what is looked for in it is ASCII.
 */
export function percentDecoded(text: string, depth = 3): string {
  const once = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return once === text || depth === 0 ? once : percentDecoded(once, depth - 1)
}
