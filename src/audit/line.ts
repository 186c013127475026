import { percentDecoded } from '../percent'
import { cutList, cutText, mapped } from './cut'
import type { AuditEvent } from './event'

/**
 * The longest audit line, in bytes. Cloudflare keeps 256 KB of log lines for each invocation of a
 * Worker and drops further lines.
 */
const MAX_BYTES = 8192
/**
 * The lengths to which texts (`chars`) and lists (`items`) are shortened if an audit line is too
 * long. The gateway tries these pairs in order. With the last pair, a line always fits.
 */
const CUTS = [
  { chars: 400, items: 30 },
  { chars: 100, items: 10 },
  { chars: 20, items: 5 },
] as const
const PLAIN = /^[\x20-\x7e]*$/
/**
 * Control characters, format characters and line ends that JSON does not escape. They could control
 * a terminal or begin a new line.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * Writes one audit event as one line of at most 8 KiB, no matter what its texts contain (security
 * notes T3, X13).
 *
 * Erases credentials in plain text and in percent-encoding, but does not find them in any other
 * encoding.
 *
 * @param erase removes text that looks like a credential, from any field of the event
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
  // UTF-8 needs at most three bytes for each UTF-16 unit, so most lines are short enough without a
  // count of their bytes.
  line.length * 3 <= MAX_BYTES || new TextEncoder().encode(line).byteLength <= MAX_BYTES

function written(event: unknown, erase: (text: string) => string): string {
  const encoded = JSON.stringify(event)
  const shown = encoded.includes('%') ? JSON.stringify(mapped(event, (text) => withoutEncoded(text, erase))) : encoded
  const line = erase(shown)
  return PLAIN.test(line) ? line : line.replace(UNPRINTABLE, escaped)
}

/** Erases a percent-encoded credential from a text, and returns any other text unchanged. */
function withoutEncoded(text: string, erase: (text: string) => string): string {
  const found = percentDecoded(text).find((form) => erase(form) !== form)
  return found === undefined ? text : erase(found)
}

const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
  ).join('')
