import type { Route } from '../../src/config/define.ts'
import { type Case, type Figures, runCases } from '../cases.ts'
import { measureColdStart } from '../cold-start.ts'
import type { Options } from '../options.ts'
import type { Running } from '../process.ts'
import { exchanges, issuerOf, policyOf, routeOf, startSallyport } from '../sallyport.ts'
import { checkExchange, insist } from '../self-check.ts'
import { figure, type Section, withSpread } from '../table.ts'
import { cpuMicros } from '../usage.ts'
import type { World } from '../world.ts'

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

/**
 * The configurations that are measured. Each has more of one thing only, so that the cost of that
 * thing shows. The request uses the last one of them.
 */
const variants: Readonly<Record<string, (world: World) => Route[]>> = {
  '100 routes': (world) => [...otherRoutes(world, 99), routeOf(world, 'http')],
  '10,000 routes': (world) => [...otherRoutes(world, 9_999), routeOf(world, 'http')],
  '10 policies': (world) => [routeOf(world, 'http', { policies: times(10, policyOf) })],
  '10 issuers': (world) => [routeOf(world, 'http', { trust: times(10, (i) => issuerOf(world, 9 - i)) })],
  '50 keys in the set': (world) => [routeOf(world, 'http', { trust: [issuerOf(world, 0, world.largeJwksUri)] })],
}

const otherRoutes = (world: World, count: number): Route[] =>
  times(count, (i) => routeOf(world, 'http', { id: `other-${i}`, path: `/agents/other-${i}` }))

/**
 * Measures costs that grow with the configuration and the number of people. Also measures the cost
 * of an isolate that has just started.
 */
export async function measureGrowth(world: World, options: Options): Promise<Section> {
  const token = await world.tokens.sign()
  const gates: Running[] = []
  const startMs = new Map<string, number>()
  const gateway = async (name: string, routes: Route[]): Promise<Running> => {
    const gate = await startSallyport(world, name, routes)
    gates.push(gate)
    startMs.set(name, cpuMicros(gate.pid) / 1000)
    insist(await checkExchange(gate, exchanges.http, token))
    return gate
  }
  try {
    const base = { exchange: exchanges.http, floor: 'base' }
    const known = { use: 'known', token } as const
    const one = await gateway('base', [routeOf(world, 'http')])
    const cases: Case[] = [
      { ...base, id: 'base', title: '1 route, 1 policy, 1 issuer, 3 keys', subject: one, tokens: known },
    ]
    for (const [title, routesOf] of Object.entries(variants)) {
      cases.push({ ...base, id: title, title, subject: await gateway(title, routesOf(world)), tokens: known })
    }
    const people = { ...base, floor: 'one person' }
    for (const [id, who] of [
      ['one person', 'one'],
      ['many people', 'many'],
    ] as const) {
      const tokens = { use: 'new', algorithm: 'ES256', who } as const
      const subject = await gateway(id, [routeOf(world, 'http')])
      const title = who === 'one' ? 'new tokens of 1 user' : 'new tokens, each of another user'
      cases.push({ ...people, id, title, subject, tokens })
    }
    const figures = await runCases(cases, { ...options, keys: world.tokens, isPaced: false })
    const cold = await measureColdStart(world, options.rounds)
    return {
      id: 'growth',
      title: 'Growth, and cold starts',
      notes: [
        '× base: compared within a round with the first row; the last row with the one before it. Start: the CPU of a fresh process until it listens.',
        ...cold.notes,
      ],
      head: ['', 'CPU µs', '× base', 'requests/s', 'RSS MiB', 'start CPU ms'],
      rows: figures.map((each) => [...rowOf(each), figure(startMs.get(each.id) ?? Number.NaN)]),
      figures: { cases: figures, startMs: Object.fromEntries(startMs), cold: cold.figures },
    }
  } finally {
    for (const gate of gates) await gate.stop()
  }
}

const rowOf = (each: Figures): string[] => [
  each.title,
  figure(each.cpuMicros.median),
  withSpread(each.timesFloor, 2),
  figure(each.perSecond.median),
  figure(each.rssMiB.median),
]
