import { traceNumber } from './trace-number.ts'

export const MOST_LINE_BYTES = 8192

export interface AuditLine {
  readonly outcome: string
  readonly status: number
  readonly code: string | undefined
  readonly stream: string | undefined
}

interface Lines {
  readonly final: AuditLine[]
  begun: number
}

/** Counts audit lines by the request that they belong to. */
export class AuditTally {
  /** Sentences, each about one audit line that breaks a rule. */
  readonly faults: string[] = []
  finals = 0
  begun = 0
  largestBytes = 0
  /** The number of other log lines, by the name in their `event`. */
  readonly events = new Map<string, number>()
  readonly #byTrace = new Map<number, Lines>()

  add(line: string): void {
    if (line === '') return
    const bytes = Buffer.byteLength(line)
    this.largestBytes = Math.max(this.largestBytes, bytes)
    if (bytes > MOST_LINE_BYTES) this.#fault(`found a line of ${bytes} bytes, expected at most ${MOST_LINE_BYTES}`)
    const parsed = parse(line)
    if (parsed === undefined) {
      this.#fault(`found a line that is not JSON: ${line.slice(0, 80)}`)
      return
    }
    if (parsed.event !== undefined) {
      const name = String(parsed.event)
      this.events.set(name, (this.events.get(name) ?? 0) + 1)
      return
    }
    if (parsed.v !== 2) {
      this.#fault(`found an audit line of version ${parsed.v}, expected 2`)
      return
    }
    const trace = traceNumber(String(parsed.trace))
    // The first request only checks whether the gateway listens. It has no number.
    if (trace === undefined && parsed.path === '/') return
    if (trace === undefined) {
      this.#fault(`found a line of a request that was not sent: ${line.slice(0, 80)}`)
      return
    }
    this.#count(trace, parsed)
  }

  #count(trace: number, { outcome, status, code, stream }: Record<string, unknown>): void {
    const lines = this.#byTrace.get(trace) ?? { final: [], begun: 0 }
    this.#byTrace.set(trace, lines)
    if (outcome === 'begun') {
      this.begun++
      lines.begun++
      return
    }
    this.finals++
    lines.final.push({ outcome, status, code, stream } as AuditLine)
  }

  /** Returns the audit lines that say how a request ended. */
  finalOf(trace: number): readonly AuditLine[] {
    return this.#byTrace.get(trace)?.final ?? []
  }

  begunOf(trace: number): number {
    return this.#byTrace.get(trace)?.begun ?? 0
  }

  /** Returns the numbers of audit lines that belong to no request that this test sent. */
  strangers(sent: number): number[] {
    return [...this.#byTrace.keys()].filter((trace) => trace < 1 || trace > sent)
  }

  #fault(sentence: string): void {
    if (this.faults.length < 10) this.faults.push(sentence)
  }
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
