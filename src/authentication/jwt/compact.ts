import { base64url } from 'jose'
import type { Claims } from '../../claims'
import { refuseToken } from './fault'

/** Longer than any token in use; a Cloudflare request has 128 KB for all its headers. */
const MAX_TOKEN_CHARS = 16_384

/**
 * Three base64url segments and nothing else (RFC 8725bis, "check JWT format type"). The last character of a segment must be
 * canonical too: otherwise one token has several spellings.
 */
const SEGMENT = '(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?'
const COMPACT = new RegExp(`^(?=[^.])${SEGMENT}\\.(?=[^.])${SEGMENT}\\.(?=.)${SEGMENT}$`)

/** A reference or an encrypted cookie has no dots; a JWE has five segments, the second of them empty where its key is agreed on. */
const OPAQUE = /^[A-Za-z0-9_~+/-]{20,}=*$/
const ENCRYPTED = /^[\w-]+\.[\w-]*\.[\w-]*\.[\w-]+\.[\w-]+$/

/** A JWS in compact form (RFC 7515 section 7.1), taken apart. Nothing in it has been verified. */
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
 * Takes a token apart. Of members that occur twice the last one counts, everywhere (RFC 7519 section 4 leaves that choice).
 * @throws Refusal `token-invalid`: `form`, or `encrypted` or `opaque` for tokens that are no JWS
 */
export function readCompact(token: string): CompactToken {
  if (isTooLong(token)) throw refuseToken('form')
  if (!COMPACT.test(token)) {
    const kind = OPAQUE.test(token)
      ? 'opaque'
      : ENCRYPTED.test(token) && 'enc' in objectIn(token)
        ? 'encrypted'
        : 'form'
    throw refuseToken(kind)
  }
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  return {
    header: objectIn(token.slice(0, first)),
    payload: objectIn(token.slice(first + 1, second)),
    signed: encoder.encode(token.slice(0, second)) as Uint8Array<ArrayBuffer>,
    signature: new Uint8Array(base64url.decode(token.slice(second + 1))),
  }
}

/** The JSON object in the first segment of a text. */
function objectIn(text: string): Claims {
  try {
    const value: unknown = JSON.parse(utf8.decode(base64url.decode(text.split('.', 1)[0] ?? '')))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Claims
  } catch {}
  throw refuseToken('form')
}
