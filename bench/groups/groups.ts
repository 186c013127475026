import type { Group, Options } from '../options.ts'
import type { Section } from '../table.ts'
import type { World } from '../world.ts'
import { measureGrowth } from './growth.ts'
import { measureLoad } from './load.ts'
import { measureMemory } from './memory.ts'
import { measureParts } from './parts.ts'
import { measurePeers } from './peers.ts'
import { measureProxies } from './proxies.ts'
import { measureRequests } from './requests.ts'
import { measureStreams } from './streams.ts'

const measures = {
  requests: measureRequests,
  peers: measurePeers,
  streams: measureStreams,
  memory: measureMemory,
  parts: measureParts,
  growth: measureGrowth,
  proxies: measureProxies,
  load: measureLoad,
} satisfies Record<Group, unknown>

/**
 * Measures one group of cases after the other.
 * @param print receives each table as soon as it is complete
 */
export async function measureGroups(
  world: World,
  options: Options,
  print: (section: Section) => void,
): Promise<Section[]> {
  const sections: Section[] = []
  for (const group of options.only) {
    process.stderr.write(`${group}\n`)
    const section = await measures[group](world, options)
    sections.push(section)
    print(section)
  }
  return sections
}
