interface Line {
  v: 2
  at: string
  id: string
  method: string
  path: string
  outcome: string
  operations?: string[]
  who?: { subject: string }
  status: number
  code?: string
  reason?: string
  mismatch?: { found: string; expected: string; setting?: string }
  stream?: string
  ms: { total: number }
}

/** One line of the gateway's audit, as a person reads it; nothing for other output and for preflights. */
export function traffic(output: string): string | undefined {
  if (output.startsWith('{"event":"not-ready"')) return notReady(output)
  if (!output.startsWith('{"v":2')) return undefined
  const { outcome, at, method, path, operations, who, status, code, reason, stream, mismatch, ms } = JSON.parse(
    output,
  ) as Line
  if (method === 'OPTIONS' || outcome === 'begun') return undefined
  const how = code ? `${code}${reason ? ` (${reason})` : ''}` : stream === 'complete' ? '' : `stream ${stream}`
  const cells = [
    at.slice(11, 19),
    String(status),
    (who?.subject ?? '-').padEnd(6),
    method.padEnd(6),
    path,
    operations?.join(' ') ?? '',
    how,
  ]
  const line = `  ${cells.filter((cell) => cell !== '').join('  ')}  ${ms.total} ms`
  if (!mismatch) return line
  const setting = mismatch.setting === undefined ? '' : ` (${mismatch.setting})`
  return `${line}\n            found ${mismatch.found}, expected ${mismatch.expected}${setting}`
}

function notReady(output: string): string {
  const { reason, routes, remedy } = JSON.parse(output) as { reason: string; routes: string[]; remedy: string }
  return `  Not ready: ${reason}, so ${routes.join(', ')} cannot serve. ${remedy}`
}
