import { type Case, runCases } from './cases.ts'
import type { Options } from './options.ts'
import type { Running } from './process.ts'
import { exchanges, startSallyport, usualRoutes } from './sallyport.ts'
import { checkExchange, checkSubject, insist } from './self-check.ts'
import { requestHead, requestRow, type Section } from './table.ts'
import { startFloor } from './workers.ts'
import type { World } from './world.ts'

/** Gateways to compare Sallyport with. */
export interface Gateways {
  readonly id: string
  readonly title: string
  readonly notes: readonly string[]
  /** Adds each gateway to `running` at once, so that it is stopped even if a later one fails. */
  start(world: World, running: Running[]): Promise<{ readonly notes: readonly string[] }>
}

/**
 * Measures the same request through Sallyport and through other gateways that verify the same
 * token.
 */
export async function measureGateways(gateways: Gateways, world: World, options: Options): Promise<Section> {
  const floor = await startFloor(world)
  const running: Running[] = []
  try {
    running.push(await startSallyport(world, 'Sallyport, bind: none', usualRoutes(world, 'none')))
    running.push(await startSallyport(world, 'Sallyport, bind: request', usualRoutes(world, 'request')))
    const { notes } = await gateways.start(world, running)
    const token = await world.tokens.sign()
    for (const gateway of running) {
      insist(await checkSubject(world, gateway, exchanges.http))
      insist(await checkExchange(gateway, exchanges.http, token))
    }
    const cases = casesOf(world, floor, running, token)
    const figures = await runCases(cases, { ...options, keys: world.tokens, isPaced: true })
    return {
      id: gateways.id,
      title: gateways.title,
      notes: [
        'One GET with an RS256 token, about 1 KB back, `x-user-id` towards the origin. Each has one worker, thread or process for traffic.',
        'Only Sallyport signs what it says, decides by policy, writes an audit line and guards the answer here; the others verify and set a header.',
        ...notes,
        ...gateways.notes,
      ],
      head: requestHead,
      rows: figures.map(requestRow),
      figures,
    }
  } finally {
    for (const subject of [floor, ...running]) await subject.stop()
  }
}

function casesOf(world: World, floor: Running, gateways: readonly Running[], token: string): Case[] {
  const base = { exchange: exchanges.http, origin: 'origin', floor: 'floor' }
  return [
    { ...base, id: 'origin', title: 'origin alone', subject: world.origin, tokens: { use: 'none' } },
    { ...base, id: 'floor', title: 'floor: bare workerd, no token read', subject: floor, tokens: { use: 'none' } },
    ...gateways.flatMap((subject): Case[] => [
      {
        ...base,
        id: `${subject.name} known`,
        title: `${subject.name}, known token`,
        subject,
        tokens: { use: 'known', token },
      },
      {
        ...base,
        id: `${subject.name} new`,
        title: `${subject.name}, new token`,
        subject,
        tokens: { use: 'new', algorithm: 'RS256' },
      },
    ]),
  ]
}
