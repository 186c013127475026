import { percentDecoded } from '../percent'
import { cutList, cutText, mapped } from './cut'
import type { AuditEvent } from './event'

/** Cloudflare keeps 256 KB of one invocation's lines, and drops the rest. */
const MAX_BYTES = 8192
/**
 * How far texts and lists are cut where a line is too large, tried in turn. The last cut always
 * fits.
 */
const CUTS = [
  { chars: 400, items: 30 },
  { chars: 100, items: 10 },
  { chars: 20, items: 5 },
] as const
const PLAIN = /^[\x20-\x7e]*$/
/**
 * Controls, format characters and line ends, which JSON does not escape: they could control a
 * terminal or begin a line.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * Writes one event as one line of at most 8 KiB, whatever its texts contain (security notes T3,
 * X13).
 *
 * Not found: a credential in another encoding than percent-encoding.
 *
 * @param erase removes text that looks like a credential, wherever one was pasted
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
  // UTF-8 needs at most three bytes for each UTF-16 unit.
  line.length * 3 <= MAX_BYTES || new TextEncoder().encode(line).byteLength <= MAX_BYTES

function written(event: unknown, erase: (text: string) => string): string {
  const encoded = JSON.stringify(event)
  const shown = encoded.includes('%') ? JSON.stringify(mapped(event, (text) => withoutEncoded(text, erase))) : encoded
  const line = erase(shown)
  return PLAIN.test(line) ? line : line.replace(UNPRINTABLE, escaped)
}

/** Returns a text unchanged, unless it contains a percent-encoded credential. */
function withoutEncoded(text: string, erase: (text: string) => string): string {
  const found = percentDecoded(text).find((form) => erase(form) !== form)
  return found === undefined ? text : erase(found)
}

const escaped = (character: string): string =>
  Array.from(
    { length: character.length },
    (_, unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`,
  ).join('')
