import { percentDecoded } from '../percent'
import { cutList, cutText, mapped } from './cut'
import type { AuditEvent } from './event'

/** Cloudflare keeps 256 KB of one invocation's lines, and drops what is beyond. */
const MAX_BYTES = 8192
/**
 * How far texts and lists are cut where a line is too large, tried in turn. The last fits whatever
 * they hold.
 */
const CUTS = [
  { chars: 400, items: 30 },
  { chars: 100, items: 10 },
  { chars: 20, items: 5 },
] as const
const PLAIN = /^[\x20-\x7e]*$/
/**
 * Controls, format characters and line ends, which JSON leaves as they are: they would rule a
 * terminal or begin a line.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * One event as one line of at most 8 KiB, whatever its texts contain (security notes T3, X13).
 *
 * Not found: a credential in another encoding than percent-encoding.
 *
 * @param erase takes what is shaped like a credential out of a text: one that was pasted where none
 *   belongs
 */
export function auditLine(event: AuditEvent, erase: (text: string) => string): string {
  let line = written(event, erase)
  for (const { chars, items } of CUTS) {
    if (fits(line)) return line
    const cut = mapped(
      event,
      (text) => cutText(text, chars),
      (texts) => cutList(texts, items),
    )
    line = written(cut, erase)
  }
  return line
}

const fits = (line: string): boolean =>
  // No character has more than three bytes for each of its units.
  line.length * 3 <= MAX_BYTES || new TextEncoder().encode(line).byteLength <= MAX_BYTES

function written(event: unknown, erase: (text: string) => string): string {
  const encoded = JSON.stringify(event)
  const shown = encoded.includes('%') ? JSON.stringify(mapped(event, (text) => withoutEncoded(text, erase))) : encoded
  const line = erase(shown)
  return PLAIN.test(line) ? line : line.replace(UNPRINTABLE, escaped)
}

/** A text as it is, unless a credential stands in it percent-encoded. */
function withoutEncoded(text: string, erase: (text: string) => string): string {
  const found = percentDecoded(text).find((form) => erase(form) !== form)
  return found === undefined ? text : erase(found)
}

const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
  ).join('')
