import { base64url } from 'jose'
import type { Claims } from '../../claims'
import { refuseForm } from './fault'

/**
 * The longest token that is accepted. All tokens in use are shorter. A Cloudflare request has 128
 * KB for all its headers.
 */
const MAX_TOKEN_CHARS = 16_384

/** Matches three segments and nothing else (RFC 8725bis, "check JWT format type"). */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/
/**
 * The characters that a segment may end with, by its length modulo 4. With other characters, one
 * token would have several spellings.
 */
const LAST = [undefined, /^$/, /[AQgw]/, /[AEIMQUYcgkosw048]/] as const

/**
 * Texts that are not signed JWTs. An opaque token has at most one dot, and no header. An encrypted
 * token (JWE) has five segments; the second is empty if its key is agreed on and not sent.
 */
const OPAQUE = /^(?!eyJ[\w-]*\.)(?=.{20})[\w~+/-]+(?:\.[\w~+/-]+)?=*$/
const ENCRYPTED = /^[\w-]+\.[\w-]*\.[\w-]*\.[\w-]+\.[\w-]+$/

/** The parts of a JWS in compact form (RFC 7515 section 7.1). None of them has been verified. */
export interface CompactToken {
  readonly header: Claims
  readonly payload: Claims
  /** Header and payload as they were signed. */
  readonly signed: Uint8Array<ArrayBuffer>
  readonly signature: Uint8Array<ArrayBuffer>
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

export const isTooLong = (token: string): boolean => token.length > MAX_TOKEN_CHARS

/**
 * Splits a token into its parts. If a member occurs twice in the JSON, the last one counts
 * everywhere (RFC 7519 section 4 leaves that choice).
 * @throws Refusal `token-invalid`: `form`, or `encrypted` or `opaque` for tokens that are no JWS
 */
export function readCompact(token: string): CompactToken {
  if (isTooLong(token)) throw refuseForm('form')
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  const hasForm =
    COMPACT.test(token) &&
    isCanonical(token, 0, first) &&
    isCanonical(token, first + 1, second) &&
    isCanonical(token, second + 1, token.length)
  if (!hasForm) {
    const kind = OPAQUE.test(token)
      ? 'opaque'
      : ENCRYPTED.test(token) && 'enc' in objectIn(token)
        ? 'encrypted'
        : 'form'
    throw refuseForm(kind)
  }
  return {
    header: objectIn(token.slice(0, first)),
    payload: objectIn(token.slice(first + 1, second)),
    signed: encoder.encode(token.slice(0, second)) as Uint8Array<ArrayBuffer>,
    signature: base64url.decode(token.slice(second + 1)) as Uint8Array<ArrayBuffer>,
  }
}

function isCanonical(token: string, from: number, to: number): boolean {
  const last = LAST[(to - from) % 4]
  return last === undefined || last.test(token[to - 1] ?? '')
}

/** Returns the JSON object in the first segment of a text. */
function objectIn(text: string): Claims {
  try {
    const value: unknown = JSON.parse(utf8.decode(base64url.decode(text.split('.', 1)[0] ?? '')))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Claims
  } catch {}
  throw refuseForm('form')
}
