import type { Principal } from '../authentication/principal'
import type { StreamOutcome } from '../ending'
import type { Refusal } from '../errors/refusal'
import type { RefusalCode } from '../errors/refusals'
import type { Decision } from '../policy/decision'
import type { Trace } from '../request/trace'

/** One line per request. It has no field for a token, a query string or a body. */
export interface AuditEvent {
  readonly v: 1
  /** When the request came, ISO 8601. */
  readonly at: string
  /** The request's id: `x-request-id` of the reply and `jti` of the assertion. */
  readonly id: string
  readonly trace: string
  readonly method: string
  readonly path: string
  readonly route?: string
  /** The operation's name; several, with spaces between, where the request asks for more than its path says. */
  readonly operation?: string
  readonly thread?: string
  readonly who?: { readonly issuer: string; readonly subject: string; readonly kind: string; readonly client?: string }
  readonly decision?: Decision
  /** `forwarded`: the origin answered. `refused`: the gate did. `preflight`: a question about CORS. */
  readonly outcome: 'forwarded' | 'refused' | 'preflight'
  readonly status: number
  readonly code?: RefusalCode
  /** More than the caller is told. */
  readonly reason?: string
  readonly stream?: StreamOutcome
  /** The agent's answer held the assertion or the agent's secret, which was taken out: its errors tell too much. */
  readonly warning?: 'credential-echoed'
  /** Milliseconds from the request's arrival to the end of each step, as the platform's clock shows them. */
  readonly ms: Readonly<Record<string, number>>
}

const MAX_PATH_CHARS = 256
/** More is not even looked at: anybody can send a long path. */
const MAX_READ_CHARS = 2048
const MAX_THREAD_CHARS = 100

/** Gathers what is known of a request as it goes, and is closed once. */
export class AuditRecord {
  readonly #started: number
  readonly #ms: Record<string, number> = {}
  readonly #fields: Partial<AuditEvent> = {}
  #path: string | undefined

  constructor(
    readonly trace: Trace,
    readonly request: { readonly method: string; readonly url: string },
    readonly now: () => number,
    /** Takes out of a text what is shaped like a credential: one that was pasted where none belongs. */
    readonly erase: (text: string) => string,
  ) {
    this.#started = now()
  }

  note(fields: Partial<AuditEvent>): void {
    Object.assign(this.#fields, fields)
  }

  /** @param principal absent on public routes */
  noteVerified(principal: Principal | undefined): void {
    if (principal) {
      const { issuer, subject, kind, client } = principal
      this.note({ who: { issuer, subject, kind, ...(client !== undefined && { client }) } })
    }
    this.lap('verify')
  }

  /** Until it is called, `close` has to find the path itself. */
  notePath(path: string): void {
    this.#path = path
  }

  noteThread(thread: string | undefined): void {
    if (thread !== undefined) this.note({ thread: thread.slice(0, MAX_THREAD_CHARS) })
  }

  noteDecision(decision: Decision): void {
    this.note({ decision })
    this.lap('decide')
  }

  /** Whole, unless it is noted later that its stream ended otherwise. */
  noteForwarded(status: number): void {
    this.note({ outcome: 'forwarded', status, stream: 'complete' })
  }

  noteRefusal({ code, row, reason }: Refusal): void {
    this.note({ outcome: 'refused', status: row.status, code, ...(reason !== undefined && { reason }) })
  }

  /** Marks the end of a step. */
  lap(step: string): void {
    this.#ms[step] = this.now() - this.#started
  }

  close(): AuditEvent {
    this.lap('total')
    return {
      v: 1,
      at: new Date(this.#started).toISOString(),
      id: this.trace.requestId,
      trace: this.trace.traceId,
      method: this.request.method.slice(0, 20),
      path: this.erase((this.#path ?? URL.parse(this.request.url)?.pathname ?? '').slice(0, MAX_READ_CHARS)).slice(
        0,
        MAX_PATH_CHARS,
      ),
      outcome: 'refused',
      status: 500,
      ...this.#fields,
      ms: this.#ms,
    }
  }
}
