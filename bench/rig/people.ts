import { runInput } from '../exchange.ts'
import type { Stage } from './stage.ts'
import { traceHeader } from './trace-number.ts'

const AT_ONCE = 40

export interface PeopleSeen {
  readonly people: number
  readonly replies: number
  readonly traces: readonly number[]
  /** Sentences with the actual and the expected result. */
  readonly faults: readonly string[]
}

/**
 * Sends requests of many people with new tokens. Each person reads a document and writes twice into
 * a conversation, which has the same id for all people. A reply must not name another person.
 */
export async function askAsPeople(stage: Stage, people: number, nextTrace: () => number): Promise<PeopleSeen> {
  const tokens = stage.generations[0]
  if (!tokens) throw new Error('there are no keys')
  const faults: string[] = []
  const traces: number[] = []
  let next = 0
  const ask = async (person: string, token: string, path: string, body?: string): Promise<void> => {
    const trace = nextTrace()
    traces.push(trace)
    const reply = await fetch(`http://127.0.0.1:${stage.gateway.port}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        traceparent: traceHeader(trace),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
    })
    faults.push(...othersIn(person, reply.status, await reply.text()))
  }
  const one = async (): Promise<void> => {
    while (next < people) {
      const person = `person-${people}-${next++}`
      const token = await tokens.sign({ algorithm: 'ES256', subject: person })
      const run = runInput(300)
      await Promise.all([
        ask(person, token, '/agents/http/documents/mine'),
        ask(person, token, '/agents/ag-ui?writers', run),
      ])
      await ask(person, token, '/agents/ag-ui?writers', run)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, people) }, one))
  return { people, replies: traces.length, traces, faults }
}

/** Checks that a reply names the person who sent the request, and no other. */
export function othersIn(person: string, status: number, text: string): string[] {
  if (status !== 200) return [`${person}: found status ${status}, expected 200`]
  const named = new Set(text.match(/person-\d+-\d+/g) ?? [])
  const others = [...named].filter((each) => each !== person)
  if (others.length > 0) return [`${person}: found the data of ${others.slice(0, 3).join(', ')}, expected their own`]
  return named.size === 0 ? [`${person}: found a reply without a name, expected their own`] : []
}
