import { type Case, runCases } from '../cases.ts'
import type { Options } from '../options.ts'
import { startApache } from '../peers/apache.ts'
import { startEnvoy } from '../peers/envoy.ts'
import { startHaproxy } from '../peers/haproxy.ts'
import { startNginx } from '../peers/nginx.ts'
import { startHonoOnNode } from '../peers/node.ts'
import type { Running } from '../process.ts'
import { exchanges, startSallyport, usualRoutes } from '../sallyport.ts'
import { checkExchange, checkSubject, insist } from '../self-check.ts'
import { requestHead, requestRow, type Section } from '../table.ts'
import { startFloor, startHono, startHonoInline } from '../workers.ts'
import type { World } from '../world.ts'

/** Those that come from outside npm, and may not be had everywhere. */
const installed = { HAProxy: startHaproxy, nginx: startNginx, Apache: startApache, Envoy: startEnvoy }
/** No registry that is asked here carries them ready to run. */
const NOT_MEASURED = 'Not measured, since they are not one install away: oauth2-proxy, KrakenD, agentgateway.'

/** The same request through other gateways that verify the same token and say whose it is. */
export async function measurePeers(world: World, options: Options): Promise<Section> {
  const floor = await startFloor(world)
  const gates: Running[] = []
  const notes: string[] = []
  try {
    gates.push(await startSallyport(world, 'Sallyport, bind: none', usualRoutes(world, 'none')))
    gates.push(await startSallyport(world, 'Sallyport, bind: request', usualRoutes(world, 'request')))
    for (const start of [startHonoInline, startHono, startHonoOnNode]) gates.push(await start(world))
    for (const [name, start] of Object.entries(installed)) {
      try {
        gates.push(await start(world))
      } catch (thrown) {
        notes.push(`${name} was left out: ${(thrown as Error).message.split('\n').join(' ')}`)
        process.stderr.write(`  ${notes.at(-1)}\n`)
      }
    }
    const token = await world.tokens.sign()
    for (const gate of gates) {
      insist(await checkSubject(world, gate, exchanges.http))
      insist(await checkExchange(gate, exchanges.http, token))
    }
    const figures = await runCases(casesOf(world, floor, gates, token), {
      ...options,
      keys: world.tokens,
      isPaced: true,
    })
    return {
      id: 'peers',
      title: 'Beside other gateways',
      notes: [
        'One GET with an RS256 token, about 1 KB back, `x-user-id` towards the origin. Each has one worker, thread or process for traffic.',
        'Only Sallyport signs what it says, decides by policy, writes an audit line and guards the answer here; the others verify and set a header.',
        ...notes,
        NOT_MEASURED,
      ],
      head: requestHead,
      rows: figures.map(requestRow),
      figures,
    }
  } finally {
    for (const subject of [floor, ...gates]) await subject.stop()
  }
}

function casesOf(world: World, floor: Running, gates: readonly Running[], token: string): Case[] {
  const base = { exchange: exchanges.http, origin: 'origin', floor: 'floor' }
  return [
    { ...base, id: 'origin', title: 'origin alone', subject: world.origin, tokens: { use: 'none' } },
    { ...base, id: 'floor', title: 'floor: bare workerd, no token read', subject: floor, tokens: { use: 'none' } },
    ...gates.flatMap((subject): Case[] => [
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
