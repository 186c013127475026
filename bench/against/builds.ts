import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../folder.ts'
import type { Running } from '../process.ts'
import * as own from '../sallyport.ts'
import { bundle } from '../workerd.ts'
import type { World } from '../world.ts'
import { type Checkout, checkOut, ENTRY } from './checkout.ts'
import type { Trio } from './trio.ts'

/** The functions of a tree's bench that start its gateway. */
type Starter = Pick<typeof own, 'startSallyport' | 'usualRoutes'>

export interface Builds {
  readonly commit: string
  readonly notes: readonly string[]
  /** Starts a new process of this member's build. The three members are described in trio.ts. */
  start(member: keyof Trio<unknown>, bind: own.Binding): Promise<Running>
}

/**
 * Bundles the working tree and a commit, each from its own files.
 * @param handicapMicros CPU time that the build of the working tree wastes on each request
 */
export async function build(world: World, revision: string, handicapMicros: number): Promise<Builds> {
  const checkout = await checkOut(revision)
  const { commit, folder } = checkout
  const tree =
    handicapMicros > 0
      ? await bundle('peers/handicapped.ts', { HANDICAP_MICROS: String(handicapMicros) })
      : await bundle(path.join(root, ENTRY))
  const other = await bundle(path.join(folder, ENTRY)).catch((cause) => {
    throw new Error(`${commit} could not be built with its ${ENTRY}.`, { cause })
  })
  const starter = await starterOf(checkout)
  const notes = [...checkout.notes]
  if (tree === other) notes.push('The two builds are the same, byte for byte.')
  if (handicapMicros > 0) notes.push(`The working tree's build wastes about ${handicapMicros} µs on each request.`)

  const started = (name: string, code: string, { startSallyport, usualRoutes }: Starter, bind: own.Binding) => {
    const bundles = { ...world.bundles, sallyport: code }
    return startSallyport({ ...world, bundles }, name, usualRoutes(world, bind))
  }
  return {
    commit,
    notes,
    start: (member, bind) =>
      member === 'tree'
        ? started(`Sallyport, working tree, ${bind}`, tree, own, bind)
        : started(`Sallyport, ${commit}, ${member}, ${bind}`, other, starter, bind),
  }
}

/**
 * Returns the code that starts the commit's gateway. It comes from the commit's own bench, because
 * routes, variables and runtime flags may have changed since. If the commit has no bench, the bench
 * of the working tree is used.
 */
async function starterOf({ folder }: Checkout): Promise<Starter> {
  const file = path.join(folder, 'bench/sallyport.ts')
  return existsSync(file) ? ((await import(pathToFileURL(file).href)) as Starter) : own
}
