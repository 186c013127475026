import { describe, expect, it } from 'vitest'
import type { Adapter } from '../../src/agents/adapter'
import { copilotkitSingleRoute } from '../../src/agents/copilotkit/adapter'
import { type Endpoint, post, read, type WhoseOf } from '../../src/agents/endpoints'
import { kinds } from '../../src/agents/kinds'
import { mcpWithStores } from '../../src/agents/mcp/adapter'
import { EVERYBODY, isolate, nobody, type Rules, rowsOf } from '../../src/agents/thread-isolation'

const rows = [read('notes.read', '/notes/:note', 'note'), post('notes.clear', '/notes/clear', 'everybody')]
type Whose = WhoseOf<typeof rows>

const call = {
  endpoint: rows[0] as Endpoint,
  operations: ['notes.read'],
  params: {},
  query: '',
  headers: new Headers(),
  body: undefined,
}
const context = {} as Parameters<typeof isolate>[3]

describe('ownership rules of endpoints (invariant 13)', () => {
  // `npm run types` fails where one of these lines compiles.
  it('an endpoint without an ownership rule does not compile', () => {
    // @ts-expect-error
    post('notes.write', '/notes')
    // @ts-expect-error
    const row: Endpoint = { operation: 'notes.read', method: 'GET', path: '/notes' }
    expect(row).not.toHaveProperty('whose')
  })

  it('a set of ownership rules does not compile if it lacks a rule that an endpoint names', () => {
    // @ts-expect-error
    const rules: Rules<Whose> = {}
    expect(rules).toEqual({})
  })

  it('a set of ownership rules does not compile if it has a rule that no endpoint names', () => {
    // @ts-expect-error
    const rules = { note: nobody, page: nobody } satisfies Rules<Whose>
    expect(Object.keys(rules)).toEqual(['note', 'page'])
  })

  it('an adapter does not compile if its ownership rules differ from the rules that its endpoints name', () => {
    // @ts-expect-error
    const threads: Adapter<Whose>['threads'] = { rules: { page: nobody } }
    expect(threads).toBeDefined()
  })

  const adapters: readonly (readonly [string, Adapter])[] = [
    ...Object.entries(kinds),
    ['copilotkit, single route', copilotkitSingleRoute],
    ['mcp, with stores', mcpWithStores],
  ]
  it.each(adapters.filter(([, { threads }]) => threads))(
    'for agents of kind %s, each endpoint has an ownership rule and each rule has an endpoint',
    (_kind, adapter) => {
      const named = [...adapter.endpoints, ...(adapter.bodyOperations ?? [])].flatMap(({ whose }) => whose ?? [])
      const rules = Object.keys(adapter.threads?.rules ?? {})
      expect([...new Set(named)].filter((whose) => whose !== EVERYBODY).sort()).toEqual(
        rules.filter((rule) => rule !== 'nobody' || named.includes('nobody')).sort(),
      )
    },
  )

  it('the gateway throws an error for a request to an endpoint without an ownership rule', async () => {
    const threads = { rules: { nobody } }
    await expect(
      isolate(
        call,
        rowsOf(call, () => undefined),
        threads,
        context,
      ),
    ).rejects.toThrow('no ownership rule for note')
    const envelope: Endpoint = { operation: 'message', method: 'POST', path: '/', named: 'in-body' }
    const unlisted = rowsOf({ endpoint: envelope, operations: ['notes.burn'] }, () => undefined)
    await expect(isolate(call, unlisted, threads, context)).rejects.toThrow('no ownership rule')
  })

  it('each ownership rule is applied to a request once, in order, on the result of the previous rule', async () => {
    const applied: string[] = []
    const rule = (name: string) => (given: typeof call) => {
      applied.push(`${name} ${given.query}`)
      return { call: { ...given, query: `${given.query}${name}` }, change: { answer: (text: string) => text + name } }
    }
    const rules = { a: rule('a'), b: rule('b') }
    const asked = [read('1', '/1', 'a'), read('2', '/2', 'b'), read('3', '/3', 'a')]
    const isolated = await isolate(call, asked, { rules } as never, context)
    expect(applied).toEqual(['a ', 'b a'])
    expect(isolated.call.query).toBe('ab')
    expect(await isolated.change?.answer?.('>', 200)).toBe('>ab')
  })
})
