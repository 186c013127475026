import type { AuditEvent } from '../../audit/event'
import { remedyOf } from './remedies'
import { visible } from './visible'

/**
 * Formats one audit line of the gateway for a person to read, with the beginning of the request's
 * id. Returns undefined for other output, and for answered CORS preflights.
 */
export function traffic(output: string): string | undefined {
  if (output.startsWith('{"event":"not-ready"')) return notReady(output)
  if (/^\{"event":"key(?:s-unreachable|-unusable)"/.test(output)) return keysLost(output)
  if (!output.startsWith('{"v":2')) return undefined
  const event = JSON.parse(output) as AuditEvent
  const { outcome, id, at, method, path, operations, who, status, code, reason, stream, mismatch, ms } = event
  if (outcome === 'preflight' || outcome === 'begun') return undefined
  const how = code ? `${code}${reason ? ` (${reason})` : ''}` : stream === 'complete' ? '' : `stream ${stream}`
  const cells = [
    at.slice(11, 19),
    id.slice(0, 8),
    String(status),
    (who?.subject ?? '-').padEnd(6),
    method.padEnd(6),
    path,
    operations?.join(' ') ?? '',
    how,
  ]
  const setting = mismatch?.setting === undefined ? '' : ` (${mismatch.setting})`
  const why = mismatch && `found ${mismatch.found}, expected ${mismatch.expected}${setting}`
  const lines = [why, remedyOf(event)].filter((each) => each !== undefined)
  return [
    `  ${visible(cells.filter((cell) => cell !== '').join('  ')).replaceAll('\n', '?')}  ${ms.total} ms`,
    ...lines.map((each) => `            ${visible(each).replaceAll('\n', '?')}`),
  ].join('\n')
}

function notReady(output: string): string {
  const { reason, routes, remedy } = JSON.parse(output) as { reason: string; routes: string[]; remedy: string }
  return `  Not ready: ${reason}, so ${routes.join(', ')} cannot serve. ${remedy}`
}

function keysLost(output: string): string {
  const { event, issuer, reason } = JSON.parse(output) as { event: string; issuer: string; reason: string }
  const what = event === 'key-unusable' ? 'A key in its key set cannot be used' : 'Its keys cannot be fetched'
  return `  ${issuer}: ${what}: ${reason.replace(/\.$/, '')}. Try: npx sallyport check --online`
}
