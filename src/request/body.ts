import type { Credential } from '../authentication/credential'
import { readAtMost } from '../bytes'
import { Refusal } from '../errors/refusal'
import { isNumber, type Json, parseAsWritten } from '../json'
import type { BodyRead } from './body-reads'

const MAX_DEPTH = 64

/**
 * Matches the media type of JSON in UTF-8, `application/json` or `application/a2a+json`, and no
 * other type. Some servers accept JSON as `text/plain`. A caller could use another type to send
 * such a server a body that was not checked.
 */
const JSON_TYPE = /^application\/(?:a2a\+)?json(?:\s*;\s*charset="?utf-8"?)?\s*$/i

/**
 * Matches the media type of a form, unless a server could take it for JSON. Some servers look for
 * `application/json` anywhere in the header, and would find it in the boundary. So the boundary may
 * have only the characters of RFC 2046 section 5.1.1, without the slash.
 */
const FORM_TYPE = /^multipart\/form-data\s*;\s*boundary="?[A-Za-z0-9'()+_,.:=?-]{1,70}"?$/i

export const isForm = (headers: Headers): boolean => FORM_TYPE.test(headers.get('content-type') ?? '')

export function isEncoded(headers: Headers): boolean {
  const encoding = headers.get('content-encoding')
  return encoding !== null && encoding.toLowerCase() !== 'identity'
}

/**
 * Names of members that some agent reads as identity, anywhere in a body. These are the names of
 * LangGraph, and the name of the member that CopilotKit's middleware reads instead of real headers.
 */
const RESERVED = /^(?:langgraph_auth_.*|copilotkit_forwarded_headers)$/i
/**
 * Places in a body that contain texts by people, or the arguments of a tool. No kind of agent reads
 * ids or identity in these places, so a member `__proto__` in them is passed on. At other places
 * this member is removed, because an agent in JavaScript that merges the body could take forged
 * members from it.
 */
const DATA = new Set([
  ...['input', 'value', 'messages', 'body.messages', 'result.content', 'params.arguments'],
  ...['message.parts', 'message.content', 'params.message.parts', 'params.message.content'],
])

/**
 * Reads a JSON body up to a limit of bytes. The bytes are counted, because the length that the
 * sender states is not trusted. Removes members with reserved names at any depth.
 *
 * If a body has two members of the same name, only the last one is checked and sent on.
 *
 * @returns undefined if there is no body
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

/** Returns the length that the sender states in `content-length`; undefined if it states none. */
function lengthOf({ headers }: Request): number | undefined {
  const said = headers.get('content-length')
  return said === null ? undefined : Number(said)
}

function parse(bytes: Uint8Array): Json {
  try {
    // `ignoreBOM` keeps a byte order mark in the text, where JSON does not allow it.
    return parseAsWritten(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    throw new Refusal('body-invalid', 'not JSON')
  }
}

/**
 * Removes members with reserved names at any depth.
 * @param place the names of the enclosing members, joined by dots; undefined inside a place of
 *   `DATA`
 */
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
 * Returns the place of a member; undefined if `DATA` contains this place. `DATA` contains only
 * short names of places, so longer names are not built.
 */
function placeOf(above: string, key: string): string | undefined {
  const place = above === '' ? key : above.length > 20 ? above : `${above}.${key}`
  return DATA.has(place) ? undefined : place
}

/**
 * Writes the body that the gateway sends to the agent. Each value has one spelling, and the
 * caller's token is removed wherever it occurs in the body.
 */
export function writeJson(value: Json, credential: Credential | undefined): Uint8Array {
  const text = JSON.stringify(value)
  return new TextEncoder().encode(credential ? credential.eraseFrom(text) : text)
}

/** A body that is passed on unread, and the signal that aborts the request to the origin. */
export interface LimitedBody {
  readonly stream: ReadableStream<Uint8Array>
  /**
   * Aborted with a Refusal as the reason: `body-too-large`, or `client-gone` if the caller's upload
   * was cut.
   */
  readonly givenUp: AbortSignal
  /**
   * Tells this object that the agent has begun to answer. After this, a cut upload does not end the
   * answer.
   */
  answered(): void
}

/**
 * Passes a body on unread, up to a limit of bytes. If the request has a `Content-Length`, only its
 * value is checked, because the runtime enforces it. Otherwise the bytes are counted as they pass.
 *
 * If the body has too many bytes, or the upload is cut, the signal `givenUp` fires. The stream then
 * neither ends nor fails, because the origin would take a failed stream for a complete body.
 *
 * @throws Refusal `body-too-large` if `Content-Length` is above the limit
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
  // If an agent answers before it has read the whole body, it stops reading. This is not a fault of
  // the upload, and the answer stays valid.
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
