import { measureGateways } from '../gateways.ts'
import type { Options } from '../options.ts'
import { startHonoOnNode } from '../peers/node.ts'
import type { Running } from '../process.ts'
import type { Section } from '../table.ts'
import { startHono, startHonoInline } from '../workers.ts'
import type { World } from '../world.ts'

/** Compares Sallyport with gateways written by hand, in workerd and on Node. */
export const measurePeers = (world: World, options: Options): Promise<Section> =>
  measureGateways({ id: 'peers', title: 'Beside gateways written by hand', notes: [], start }, world, options)

async function start(world: World, running: Running[]) {
  for (const startPeer of [startHonoInline, startHono, startHonoOnNode]) running.push(await startPeer(world))
  return { notes: [] }
}
