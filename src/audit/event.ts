import type { Principal } from '../authentication/principal'
import type { StreamOutcome } from '../ending'
import type { Mismatch, Refusal } from '../errors/refusal'
import type { RefusalCode } from '../errors/refusals'
import type { Decision } from '../policy/decision'
import type { Trace } from '../request/trace'
import { cutText } from './cut'

/**
 * The audit line of a request. Each request has one final line. On routes with `audit.begin`, an
 * opening line is written when a stream begins. It has no field for a token, a query string or a
 * body.
 */
export interface AuditEvent {
  readonly v: 2
  /** When the request came, ISO 8601. */
  readonly at: string
  /** The request's id: `x-request-id` of the reply and `jti` of the assertion. */
  readonly id: string
  readonly trace: string
  readonly method: string
  readonly path: string
  readonly route?: string
  /** The names of all operations that the request asks for, by its path, query and body. */
  readonly operations?: readonly string[]
  readonly thread?: string
  readonly who?: {
    readonly issuer: string
    readonly subject: string
    readonly kind: string
    readonly client?: string
    readonly authenticator: string
    readonly key?: string
  }
  readonly decision?: Decision
  /**
   * `forwarded`: the agent answered. `refused`: the gateway refused. `preflight`: a question about
   * CORS. `begun`: the opening line of a stream, which another line follows. To count requests,
   * leave out the lines with `begun`.
   */
  readonly outcome: 'forwarded' | 'refused' | 'preflight' | 'begun'
  readonly status: number
  readonly code?: RefusalCode
  /** The reason of a refusal, which the caller is not told. */
  readonly reason?: string
  /** The check that a refused token or web page failed. */
  readonly mismatch?: Mismatch
  readonly stream?: StreamOutcome
  /**
   * The agent's answer contained the assertion or the agent's secret, which was removed. The
   * agent's errors reveal too much.
   */
  readonly warning?: 'credential-echoed'
  /**
   * Milliseconds from the request's arrival to the end of each step, as the platform's clock shows
   * them.
   */
  readonly ms: Readonly<Record<string, number>>
}

/** The longest URL that is accepted, so that a credential in a path is found whole. */
const MAX_PATH_CHARS = 4096
const MAX_THREAD_CHARS = 100

/** Collects the facts about a request as it goes, and is closed once. */
export class AuditRecord {
  readonly #started: number
  readonly #ms: Record<string, number> = {}
  readonly #fields: Partial<AuditEvent> = {}
  #path: string | undefined

  constructor(
    readonly trace: Trace,
    readonly request: { readonly method: string; readonly url: string },
    readonly now: () => number,
  ) {
    this.#started = now()
  }

  note(fields: Partial<AuditEvent>): void {
    Object.assign(this.#fields, fields)
  }

  /** @param principal absent on public routes */
  noteVerified(principal: Principal | undefined): void {
    if (principal) {
      const { issuer, subject, kind, client, authenticator, key } = principal
      const more = { ...(client !== undefined && { client }), authenticator, ...(key !== undefined && { key }) }
      this.note({ who: { issuer, subject, kind, ...more } })
    }
    this.lap('verify')
  }

  /** Notes the path. Without it, `close` takes the path from the URL. */
  notePath(path: string): void {
    this.#path = path
  }

  noteThread(thread: string | undefined): void {
    if (thread !== undefined) this.note({ thread: cutText(thread, MAX_THREAD_CHARS) })
  }

  noteDecision(decision: Decision): void {
    this.note({ decision })
    this.lap('decide')
  }

  /** Notes the agent's answer as complete, unless another end of its stream is noted later. */
  noteForwarded(status: number): void {
    this.note({ outcome: 'forwarded', status, stream: 'complete' })
  }

  /** @param status that the caller is answered with */
  noteRefusal({ code, reason, extras: { mismatch } }: Refusal, status: number): void {
    this.note({
      outcome: 'refused',
      status,
      code,
      ...(reason !== undefined && { reason }),
      ...(mismatch && { mismatch }),
    })
  }

  /** Marks the end of a step. */
  lap(step: string): void {
    this.#ms[step] = this.now() - this.#started
  }

  /** Returns the opening line of a stream. */
  opening(): AuditEvent {
    const { stream: _, ...fields } = this.#event()
    return { ...fields, outcome: 'begun' }
  }

  close(): AuditEvent {
    this.lap('total')
    return this.#event()
  }

  #event(): AuditEvent {
    const path = this.#path ?? URL.parse(this.request.url)?.pathname ?? ''
    return {
      v: 2,
      at: new Date(this.#started).toISOString(),
      id: this.trace.requestId,
      trace: this.trace.traceId,
      method: this.request.method.slice(0, 20),
      path: cutText(path, MAX_PATH_CHARS),
      outcome: 'refused',
      status: 500,
      ...this.#fields,
      ms: this.#ms,
    }
  }
}
