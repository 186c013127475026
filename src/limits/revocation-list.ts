import * as v from 'valibot'
import { id as routeId } from '../config/atoms'
import { type Closed, hashOf, REVOCATION_KINDS, type RevocationDocument, type RevocationKind } from './revocation-entry'

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(1000))

/** A revocation, in the form in which an operator sends it. */
const RevocationSchema = v.pipe(
  v.strictObject({
    kind: v.picklist(REVOCATION_KINDS),
    /** The exact `iss` of the tokens. Absent if an API key is revoked. */
    issuer: v.optional(text),
    /**
     * The `jti` of a token, the `sid` of a session, the `sub` of a person, or the id of a tenant or
     * API key. Absent if an issuer is revoked.
     */
    value: v.optional(text),
    /** Seconds since the epoch at which the revocation ends by itself. */
    until: v.optional(
      v.pipe(
        v.number(),
        v.integer(),
        v.check((until) => !isOver(until) && until < LAST, 'seconds since the epoch, to come'),
      ),
    ),
    /** A note for people who read the list. */
    note: v.optional(v.pipe(v.string(), v.maxLength(200))),
  }),
  v.check(
    ({ kind, issuer, value }) =>
      (kind === 'key') === (issuer === undefined) && (kind === 'issuer') === (value === undefined),
    'a value for all but an issuer, and an issuer for all but a key',
  ),
)

/** A closed route, with the operator's message for its callers. */
const ClosedSchema = v.strictObject({
  message: v.optional(v.pipe(v.string(), v.maxLength(500))),
  /** How long callers should wait before they try again, in seconds. */
  retryAfter: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(86_400))),
})

/** The part of a Durable Object's storage that `RevocationList` uses. */
interface Storage {
  readonly kv: {
    get<T>(key: string): T | undefined
    put(key: string, value: unknown): void
    delete(key: string): boolean
    list<T>(options: { readonly prefix: string }): Iterable<[string, T]>
  }
}

/** An entry as it is stored. Only its hash tells who or what is revoked. */
interface Kept {
  readonly kind: RevocationKind
  readonly until?: number
  readonly note?: string
  readonly at: string
  readonly by: string
}

/**
 * The most revocations in a list. With more, the copy of the list in each gateway would become too
 * large.
 */
const MOST_ENTRIES = 10_000
/**
 * The latest possible end of a revocation, in seconds since the epoch (the year 2255). A larger
 * number is most likely in milliseconds instead of seconds.
 */
const LAST = 9_000_000_000
const ENTRY = 'entry:'
const CLOSED = 'closed:'

/**
 * The Durable Object that stores revocations and closed routes. Gateways read its list. Operators
 * change the list through a route of the gateway. The object does not check who the operators are,
 * because the policies of that route do.
 */
export class RevocationList {
  readonly #kv: Storage['kv']
  /**
   * The list as it was last read, and until when it is valid. It is kept in memory because
   * Cloudflare charges each read of the storage as one row for each entry.
   */
  #read: { readonly document: RevocationDocument; readonly until: number } | undefined

  constructor({ storage }: { readonly storage: Storage }) {
    this.#kv = storage.kv
  }

  async fetch(request: Request): Promise<Response> {
    const [, collection, id = '', rest] = new URL(request.url).pathname.split('/').map(decoded)
    const by = decoded(request.headers.get('x-user-id') ?? '')
    switch (`${request.method} ${collection}${id === '' ? '' : '/'}${rest === undefined ? '' : `/${rest}`}`) {
      case 'GET list':
        // Only gateways may read this list, and they send no user id. Operators read `revocations`.
        if (by === '') return Response.json(this.#document())
        break
      case 'GET revocations':
        return Response.json({ revocations: this.#all<Kept>(ENTRY), closed: this.#all<Closed>(CLOSED) })
      case 'POST revocations':
        return this.#revoke(await bodyOf(request), by)
      case 'DELETE revocations/':
        return this.#remove(ENTRY + id)
      case 'PUT routes//closed':
        return this.#close(id, await bodyOf(request), by)
      case 'DELETE routes//closed':
        return this.#remove(CLOSED + id)
    }
    return fault(404, 'This address does not exist.')
  }

  #all<T extends object>(prefix: string): readonly (T & { readonly id: string })[] {
    return [...this.#kv.list<T>({ prefix })].map(([key, value]) => ({ id: key.slice(prefix.length), ...value }))
  }

  #document(): RevocationDocument {
    if (this.#read && !isOver(this.#read.until)) return this.#read.document
    const entries: Record<string, string[]> = {}
    let first = Number.POSITIVE_INFINITY
    for (const { id, kind, until } of this.#all<Kept>(ENTRY))
      if (!isOver(until)) {
        entries[kind] ??= []
        entries[kind].push(id)
        first = Math.min(first, until ?? first)
      }
    const closed = this.#all<Closed & { readonly by: string }>(CLOSED).map(({ id, message, retryAfter }) => [
      id,
      { message, retryAfter },
    ])
    const document = { version: this.#kv.get<number>('version') ?? 0, entries, closed: Object.fromEntries(closed) }
    this.#read = { document, until: first }
    return document
  }

  async #revoke(body: unknown, by: string): Promise<Response> {
    const { success, output, issues } = v.safeParse(RevocationSchema, body)
    if (!success) return fault(400, v.summarize(issues))
    const { kind, issuer, value, until, note } = output
    const id = await hashOf(kind, issuer, value)
    const all = this.#all<Kept>(ENTRY)
    const current = all.filter((each) => !isOver(each.until))
    for (const each of all) if (isOver(each.until)) this.#kv.delete(ENTRY + each.id)
    if (current.length >= MOST_ENTRIES && !current.some((each) => each.id === id))
      return fault(409, `The list has ${MOST_ENTRIES} entries, which is the most that it can hold.`)
    return this.#put(ENTRY + id, { kind, until, note }, by, { id })
  }

  #close(id: string, body: unknown, by: string): Response {
    const { success, output, issues } = v.safeParse(ClosedSchema, body)
    if (!v.is(routeId, id)) return fault(400, 'There is no route with this id.')
    return success ? this.#put(CLOSED + id, output, by, { id }) : fault(400, v.summarize(issues))
  }

  #put(key: string, value: object, by: string, answer: object): Response {
    this.#kv.put(key, { ...value, at: new Date().toISOString(), by })
    return Response.json({ ...answer, version: this.#next() })
  }

  #remove(key: string): Response {
    if (!this.#kv.delete(key)) return fault(404, 'The list has no such entry.')
    return Response.json({ version: this.#next() })
  }

  #next(): number {
    const version = (this.#kv.get<number>('version') ?? 0) + 1
    this.#kv.put('version', version)
    this.#read = undefined
    return version
  }
}

/**
 * Decodes an id from a path or header. The gateway percent-encodes characters beyond ASCII in ids.
 */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const isOver = (until: number | undefined): boolean => until !== undefined && until * 1000 <= Date.now()

const bodyOf = (request: Request): Promise<unknown> => request.json().catch(() => undefined)

const fault = (status: number, error: string): Response => Response.json({ error }, { status })
