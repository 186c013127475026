import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { results } from '../folder.ts'
import type { Machine } from '../machine.ts'
import type { AgainstOptions } from '../options.ts'
import type { Section } from '../table.ts'
import type { World } from '../world.ts'
import { build } from './builds.ts'
import { treeName } from './checkout.ts'
import { compare } from './compare.ts'
import { requestCases } from './requests.ts'
import { sectionOf } from './section.ts'
import { streamCases } from './streams.ts'

/**
 * Measures the working tree against another commit. The processes of both take turns.
 * @param print receives each table as soon as it is complete
 */
export async function measureAgainst(
  world: World,
  { against, handicapMicros, only, rounds, sizes }: AgainstOptions,
  print: (section: Section) => void,
): Promise<Section[]> {
  const tree = treeName()
  const builds = await build(world, against, handicapMicros)
  for (const note of builds.notes) process.stdout.write(`${note}\n`)
  if (builds.notes.length > 0) process.stdout.write('\n')
  const parts = {
    requests: {
      unit: 'request',
      cases: () => requestCases(world, { rounds: 1, sizes, keys: world.tokens, isPaced: false }),
    },
    streams: { unit: 'event', cases: () => streamCases(world, sizes) },
  } as const
  const sections: Section[] = []
  for (const id of only) {
    process.stderr.write(`${id}\n`)
    const { unit, cases } = parts[id]
    const measured = await compare(await cases(), builds, world, rounds)
    const title = `${id === 'requests' ? 'Requests' : 'Streams'}: the working tree against ${builds.commit}`
    const section = sectionOf({ id, title, unit, tree, commit: builds.commit }, measured)
    sections.push(section)
    print(section)
  }
  return sections
}

/**
 * Writes the figures of every slice (a short part) of a run, for readers who want to judge the run
 * in another way.
 */
export async function writeAgainst(
  sections: readonly Section[],
  machine: Machine,
  { against, handicapMicros, rounds, sizes }: AgainstOptions,
): Promise<string> {
  const file = path.join(results, 'against.json')
  await mkdir(results, { recursive: true })
  const document = { machine, against, handicapMicros, rounds, sizes, sections }
  await writeFile(file, `${JSON.stringify(document, undefined, 2)}\n`)
  return file
}
