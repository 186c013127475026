import type { Principal } from '../authentication/principal'
import type { StreamOutcome } from '../ending'
import type { Mismatch, Refusal } from '../errors/refusal'
import type { RefusalCode } from '../errors/refusals'
import type { Decision } from '../policy/decision'
import type { Trace } from '../request/trace'
import { cutText } from './cut'

/**
 * The audit line of a request. Each request has one final line. On routes with `audit.begin`, an
 * opening line is written when a stream begins. A line has no field for a token, a query string or
 * a body.
 */
export interface AuditEvent {
  readonly v: 2
  /** The time at which the request arrived, in ISO 8601. */
  readonly at: string
  /** The id of the request. It is also `x-request-id` of the reply and `jti` of the assertion. */
  readonly id: string
  readonly trace: string
  readonly method: string
  readonly path: string
  readonly route?: string
  /** The names of all operations that the request needs, according to its path, query and body. */
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
   * `forwarded`: the agent answered. `refused`: the gateway refused. `preflight`: a CORS preflight
   * request was answered. `begun`: a stream began, and another line follows when it ends. To count
   * requests, leave out the lines with `begun`.
   */
  readonly outcome: 'forwarded' | 'refused' | 'preflight' | 'begun'
  readonly status: number
  readonly code?: RefusalCode
  /** The reason for a refusal. The caller does not see it. */
  readonly reason?: string
  /** The check that a refused token, or the origin of a refused web page, did not pass. */
  readonly mismatch?: Mismatch
  readonly stream?: StreamOutcome
  /**
   * The agent's answer contained the assertion or the agent's secret, and the gateway removed it.
   * Probably the agent's error messages reveal too much.
   */
  readonly warning?: 'credential-echoed'
  /**
   * Milliseconds from the arrival of the request to the end of each step, by the platform's clock.
   */
  readonly ms: Readonly<Record<string, number>>
}

/**
 * Equals the longest URL that the gateway accepts. So a path is never cut in the middle of a
 * credential. The gateway would not recognise half a credential, and could not erase it.
 */
const MAX_PATH_CHARS = 4096
const MAX_THREAD_CHARS = 100

/** Collects facts while a request is handled. `close` returns them as the final audit line. */
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

  /**
   * Notes the verified caller.
   * @param principal absent on public routes
   */
  noteVerified(principal: Principal | undefined): void {
    if (principal) {
      const { issuer, subject, kind, client, authenticator, key } = principal
      const more = { ...(client !== undefined && { client }), authenticator, ...(key !== undefined && { key }) }
      this.note({ who: { issuer, subject, kind, ...more } })
    }
    this.lap('verify')
  }

  /**
   * Notes the path for the audit line. Without this call, the audit line has the path of the URL.
   */
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

  /**
   * Notes that the agent answered. Its stream counts as complete, unless another result is noted
   * later.
   */
  noteForwarded(status: number): void {
    this.note({ outcome: 'forwarded', status, stream: 'complete' })
  }

  /**
   * Notes a refusal.
   * @param status the HTTP status that the caller receives
   */
  noteRefusal({ code, reason, extras: { mismatch } }: Refusal, status: number): void {
    this.note({
      outcome: 'refused',
      status,
      code,
      ...(reason !== undefined && { reason }),
      ...(mismatch && { mismatch }),
    })
  }

  /** Notes the time at which a step ended. */
  lap(step: string): void {
    this.#ms[step] = this.now() - this.#started
  }

  /** Returns the audit line that is written when a stream begins. */
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
