import type { AuditEvent } from './event'

/** Line ends that JSON leaves as they are, but that log viewers and JavaScript take for the end of a line. */
const LINE_ENDS = /[\u0085\u2028\u2029]/g

/** One event as one line, whatever its texts contain (security notes T3). */
export function auditLine(event: AuditEvent): string {
  return JSON.stringify(event).replace(LINE_ENDS, (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
