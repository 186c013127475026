/**
 * The error in `WWW-Authenticate` for a 401 or 403 (RFC 6750 section 3). `bare` means no error
 * code.
 */
export type Challenge = 'bare' | 'invalid_request' | 'invalid_token' | 'insufficient_scope'

export interface RefusalRow {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly challenge?: Challenge
  /** Seconds for `Retry-After`, if waiting helps and the refusal itself gives no time. */
  readonly retryAfter?: number
}
