import { ConfigurationError, entriesOf } from '../../config/fault'
import { withSuggestions } from '../check/suggestions'
import { say } from '../print'
import { ProjectError } from '../project'
import { DEV_FILE } from './agents/settings'
import { changesBetween } from './changes'
import type { People } from './identity-provider/people.ts'
import { readPeople } from './local-people'
import { type Addresses, type Staged, stage } from './stage'
import { Watch } from './watch'

/**
 * How often a project with faults is read again, because a change to a file that is not watched may
 * correct the faults.
 */
const AGAIN_MS = 3_000

/** The configuration that the gateway runs with, which is the last one without faults. */
export interface Current {
  readonly staged: Staged
  /** Loads changes that were saved before the files were watched. */
  readonly refresh: () => Promise<void>
  readonly close: () => void
}

interface Around {
  readonly root: string
  readonly addresses: Addresses
  readonly people: People
  /**
   * Makes the gateway run with a new configuration.
   * @returns the gateway's output if the gateway does not start with the new configuration. It then
   * runs with the old configuration again.
   */
  readonly apply: (next: Staged, before: Staged) => Promise<string | undefined>
}

/**
 * Loads the project after each save. A save without faults becomes the configuration of the
 * gateway. The faults of any other save are reported once.
 */
export function keepCurrent({ root, addresses, people, apply }: Around, first: Staged): Current {
  let staged = first
  let told: string | undefined
  /** The last configuration with which the gateway did not start. It is not tried again. */
  let refused: string | undefined
  let again: NodeJS.Timeout | undefined
  let busy = Promise.resolve()
  const takeIn = async (files: readonly string[]): Promise<void> => {
    clearTimeout(again)
    const names = files.length === 0 ? 'the files that were saved' : files.join(', ')
    try {
      const next = await stage(root, addresses)
      watch.follow(next.folders)
      const name = next.build + JSON.stringify(next.variables)
      if (told !== undefined && name === refused) return
      const local = readPeople(root)
      const isOther = next.build !== staged.build || hasChanged(next.variables, staged.variables)
      const why = isOther ? await apply(next, staged) : undefined
      if (why !== undefined) {
        refused = name
        throw new ProjectError(`The Worker does not start with these files. It printed:\n\n${why}`)
      }
      const arePeopleOther = hasChanged(local, people.all)
      people.replaceBy(local)
      const changes = changesBetween(staged, next)
      if (hasChanged(next.agents, staged.agents))
        changes.push(`the commands of ${DEV_FILE}, which take effect at the next start`)
      if (isOther || arePeopleOther || told !== undefined || changes.length > 0)
        say(`\n  Loaded ${names}${changes.length === 0 ? '' : `: ${changes.join('; ')}`}.\n`)
      staged = next
      told = undefined
    } catch (thrown) {
      const why = sentenceOf(thrown)
      if (why !== told)
        say(`\n${why.trimEnd()}\n\n  The gateway keeps running with the last good configuration, without ${names}.\n`)
      told = why
    }
    if (told !== undefined) again = setTimeout(() => later([]), AGAIN_MS)
  }
  const later = (files: readonly string[]): void => {
    busy = busy.then(() => takeIn(files))
  }
  const watch = new Watch(root, later)
  watch.follow([root, ...first.folders])
  return {
    get staged() {
      return staged
    },
    async refresh() {
      later([])
      await busy
    },
    close() {
      clearTimeout(again)
      watch.close()
    },
  }
}

const hasChanged = (one: unknown, other: unknown): boolean => JSON.stringify(one) !== JSON.stringify(other)

function sentenceOf(thrown: unknown): string {
  if (thrown instanceof ConfigurationError) return entriesOf(withSuggestions(thrown.faults, []))
  return thrown instanceof Error ? thrown.message : String(thrown)
}
