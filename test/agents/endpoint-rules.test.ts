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

describe('the ownership rule of an endpoint (invariant 13)', () => {
  // `npm run types` fails where one of these lines compiles.
  it('is required: a row without one does not compile', () => {
    // @ts-expect-error
    post('notes.write', '/notes')
    // @ts-expect-error
    const row: Endpoint = { operation: 'notes.read', method: 'GET', path: '/notes' }
    expect(row).not.toHaveProperty('whose')
  })

  it('must exist for its kind: a missing one does not compile', () => {
    // @ts-expect-error
    const rules: Rules<Whose> = {}
    expect(rules).toEqual({})
  })

  it('must be used: one that no row names does not compile', () => {
    // @ts-expect-error
    const rules = { note: nobody, page: nobody } satisfies Rules<Whose>
    expect(Object.keys(rules)).toEqual(['note', 'page'])
  })

  it('must match the rows of its kind: a difference does not compile', () => {
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
    'exists for each row of %s, and each rule has a row',
    (_kind, adapter) => {
      const named = [...adapter.endpoints, ...(adapter.bodyOperations ?? [])].flatMap(({ whose }) => whose ?? [])
      const rules = Object.keys(adapter.threads?.rules ?? {})
      expect([...new Set(named)].filter((whose) => whose !== EVERYBODY).sort()).toEqual(
        rules.filter((rule) => rule !== 'nobody' || named.includes('nobody')).sort(),
      )
    },
  )

  it('is required at run time too: a request whose row has none is refused', async () => {
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

  it('is applied once, in the order of the rows, to the result of the one before', async () => {
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
