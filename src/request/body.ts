import type { Credential } from '../authentication/credential'
import { readAtMost } from '../bytes'
import { Refusal } from '../errors/refusal'
import { isNumber, type Json, parseAsWritten } from '../json'
import type { BodyRead } from './body-reads'

const MAX_DEPTH = 64

/**
 * Matches JSON in UTF-8, by its own name or A2A's, and no other type. Otherwise a server that takes
 * JSON as `text/plain` could be reached around this check.
 */
const JSON_TYPE = /^application\/(?:a2a\+)?json(?:\s*;\s*charset="?utf-8"?)?\s*$/i

/**
 * Matches a form, and nothing that could be taken for JSON: some servers look for JSON's type
 * anywhere in the header, and would find it in a boundary. So the characters are those of RFC 2046
 * section 5.1.1 without the slash.
 */
const FORM_TYPE = /^multipart\/form-data\s*;\s*boundary="?[A-Za-z0-9'()+_,.:=?-]{1,70}"?$/i

export const isForm = (headers: Headers): boolean => FORM_TYPE.test(headers.get('content-type') ?? '')

export function isEncoded(headers: Headers): boolean {
  const encoding = headers.get('content-encoding')
  return encoding !== null && encoding.toLowerCase() !== 'identity'
}

/**
 * Names that some agent reads as identity, anywhere in a body: LangGraph's own, and the one that
 * CopilotKit's middleware prefers to real headers.
 */
const RESERVED = /^(?:langgraph_auth_.*|copilotkit_forwarded_headers)$/i
/**
 * Places of texts that people wrote, or of a tool's arguments. No kind has ids or identity in them,
 * so a `__proto__` there is passed on. Elsewhere it is removed: an agent in JavaScript that merges
 * the body could find forged members behind it.
 */
const DATA = new Set([
  ...['input', 'value', 'messages', 'body.messages', 'result.content', 'params.arguments'],
  ...['message.parts', 'message.content', 'params.message.parts', 'params.message.content'],
])

/**
 * Reads a JSON body up to a limit of bytes, which are counted because the sender is not trusted.
 * Removes reserved names at any depth.
 *
 * If a member occurs twice, only the last one is parsed, checked and sent on.
 *
 * @returns undefined where there is no body
 * @throws Refusal `media-type-refused` (415), `body-too-large` (413), `body-too-slow` (408),
 *   `gateway-busy` (503), `client-gone` or `body-invalid` (400)
 */
export async function readJson(request: Request, maxBytes: number, read: BodyRead): Promise<Json | undefined> {
  if (!request.body) return undefined
  if (isEncoded(request.headers)) throw new Refusal('media-type-refused', 'content-encoding')
  const length = lengthOf(request)
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes)
  const bytes = await readAtMost(request.body, maxBytes, length, read)
    .catch(() => {
      throw new Refusal('client-gone', 'upload cut')
    })
    .finally(() => read.end())
  if (read.refusal) throw read.refusal
  if (!bytes) throw tooLarge(maxBytes)
  if (bytes.byteLength === 0) return undefined
  if (!JSON_TYPE.test(request.headers.get('content-type') ?? ''))
    throw new Refusal('media-type-refused', 'content-type')
  return clean(parse(bytes), 0, '')
}

const tooLarge = (maxBytes: number): Refusal =>
  new Refusal('body-too-large', undefined, { limit: { name: 'bodyBytes', most: maxBytes } })

/** Returns the length that the sender states; undefined where it states none. */
function lengthOf({ headers }: Request): number | undefined {
  const said = headers.get('content-length')
  return said === null ? undefined : Number(said)
}

function parse(bytes: Uint8Array): Json {
  try {
    // ignoreBOM keeps the mark in the text, where JSON does not allow it.
    return parseAsWritten(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    throw new Refusal('body-invalid', 'not JSON')
  }
}

/** @param place names of members above, with dots; undefined within data */
function clean(value: Json, depth: number, place: string | undefined): Json {
  if (typeof value !== 'object' || value === null || isNumber(value)) return value
  if (depth >= MAX_DEPTH) throw new Refusal('body-invalid', 'too deep')
  if (Array.isArray(value)) {
    for (const item of value) clean(item, depth + 1, place)
    return value
  }
  for (const key of Object.keys(value)) {
    if (RESERVED.test(key) || (key === '__proto__' && place !== undefined)) delete value[key]
    else clean(value[key] as Json, depth + 1, place === undefined ? place : placeOf(place, key))
  }
  return value
}

/**
 * Returns the place of a member; undefined where it is data. A deep place is never data, so its
 * name is not made.
 */
function placeOf(above: string, key: string): string | undefined {
  const place = above === '' ? key : above.length > 20 ? above : `${above}.${key}`
  return DATA.has(place) ? undefined : place
}

/**
 * Writes the body that is sent: one spelling of each member, and without the caller's token
 * wherever it was.
 */
export function writeJson(value: Json, credential: Credential | undefined): Uint8Array {
  const text = JSON.stringify(value)
  return new TextEncoder().encode(credential ? credential.eraseFrom(text) : text)
}

/** A body that is passed on unread, and the signal that gives up the request to the origin. */
export interface LimitedBody {
  readonly stream: ReadableStream<Uint8Array>
  /**
   * Aborted with a Refusal: `body-too-large`, or `client-gone` where the caller's upload was cut.
   */
  readonly givenUp: AbortSignal
  /**
   * Says that the agent has begun to answer. From here on, a cut upload does not end the answer.
   */
  answered(): void
}

/**
 * Passes a body on under the same limit. The runtime enforces a `Content-Length`, so only its value
 * is checked; without one, bytes are counted as they pass.
 *
 * Past the limit, and where the upload is cut, `givenUp` is aborted and the stream neither ends nor
 * fails: a stream that fails would reach the origin as a complete one.
 *
 * @throws Refusal `body-too-large` where the length says so
 */
export function limitBody(request: Request, maxBytes: number): LimitedBody | undefined {
  const { body } = request
  if (!body) return undefined
  const length = lengthOf(request)
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes)
  const giveUp = new AbortController()
  const pipe = length === undefined ? countingStream(maxBytes, giveUp) : new FixedLengthStream(length)
  let isAnswered = false
  const cut = () => {
    if (!isAnswered) giveUp.abort(new Refusal('client-gone', 'upload cut'))
  }
  // An agent that answers early stops reading. The upload is not at fault then, and the answer
  // stands.
  body.pipeTo(pipe.writable, { preventAbort: true }).catch(() => body.getReader().closed.catch(cut))
  const answered = () => {
    isAnswered = true
  }
  return { stream: pipe.readable, givenUp: giveUp.signal, answered }
}

function countingStream(maxBytes: number, giveUp: AbortController): TransformStream<Uint8Array, Uint8Array> {
  let size = 0
  return new TransformStream({
    transform(chunk, controller) {
      size += chunk.byteLength
      if (size <= maxBytes) return controller.enqueue(chunk)
      giveUp.abort(tooLarge(maxBytes))
      return new Promise<void>(() => undefined)
    },
  })
}
