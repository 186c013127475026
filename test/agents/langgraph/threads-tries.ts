import { expect } from 'vitest'
import { type Heard, type Kind, kinds, type LangGraphStage, openLangGraph, type Raw } from './stage'
import { expectUntouched, makeThings, type Things } from './threads-things'

export type Try = readonly [what: string, method: string, path: string, body?: object | Raw, seconds?: number]

/** Both servers, with things of alice's at each. */
export async function openWithThings(): Promise<{ stage: LangGraphStage; things: Record<Kind, Things> }> {
  const stage = await openLangGraph()
  const things: Partial<Record<Kind, Things>> = {}
  for (const kind of kinds) things[kind] = await makeThings(stage, kind, 'alice')
  return { stage, things: things as Record<Kind, Things> }
}

/** Bob at a server where alice has things. */
export function bobAt(stage: LangGraphStage, kind: Kind) {
  const call = stage.as('bob', kind)
  const at = stage.at(kind)
  return {
    call,
    async own(): Promise<string> {
      const { json } = await call('POST', '/threads', {})
      return json.thread_id
    },
    async ownerOf(thread: string): Promise<string> {
      const { json } = await at('GET', `/threads/${thread}`)
      return json.metadata.sallyport_owner
    },
    /**
     * Tries all at once, and expects no data of alice in any reply and no change of her things.
     */
    async tries(alice: Things, tries: readonly Try[]): Promise<Record<string, Heard>> {
      const heard = await Promise.all(
        tries.map(async ([what, ...request]) => {
          const reply = await call(...request)
          const told = reply.text + JSON.stringify(reply.headers)
          expect([what, told.includes(alice.secret)]).toEqual([what, false])
          // A server may fail at what it is sent; the gateway may not, and has no cause to hold an
          // answer back.
          expect(`${what}: ${reply.json?.code}`).not.toMatch(/(?:internal-error|origin-[a-z-]+)$/)
          return [what, reply] as const
        }),
      )
      await expectUntouched(alice)
      return Object.fromEntries(heard)
    },
  }
}

export const statusesOf = (heard: Record<string, Heard>): Record<string, number> =>
  Object.fromEntries(Object.entries(heard).map(([what, { status }]) => [what, status]))

/**
 * Members of a body in which a server, some day or in some version, might look for a thread, with
 * alice's ids in them.
 */
export function naming({ thread, checkpoint }: Things): readonly [string, object][] {
  const id = { thread_id: thread }
  const at = { ...id, checkpoint_id: checkpoint, checkpoint_ns: '' }
  return [
    ['thread_id', id],
    ['checkpoint', { checkpoint: at }],
    ['checkpoint_id', { checkpoint_id: checkpoint }],
    ['config', { config: at }],
    ['configurable', { config: { configurable: at } }],
    ['configurable in configurable', { config: { configurable: { configurable: at } } }],
    ['a list of configurations', { config: [{ configurable: at }] }],
    ['configurable as a list', { config: { configurable: [at] } }],
    ['context', { context: at }],
    ['metadata', { metadata: at, config: { metadata: at } }],
    ['input', { input: { messages: [], ...at, config: { configurable: at } } }],
    ['command', { input: undefined, command: { update: { messages: [], ...at } } }],
    ['params', { params: { ...at, config: { configurable: at } } }],
    ['before', { before: { ...at, configurable: at } }],
    ['prototype', { config: { configurable: JSON.parse(`{"__proto__":${JSON.stringify(at)}}`) } }],
  ]
}
