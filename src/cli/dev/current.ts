import { ConfigurationError, entriesOf } from '../../config/fault'
import { withSuggestions } from '../check/suggestions'
import { readDeployments } from '../deployments'
import { say } from '../print'
import { DEV_FILE } from './agents/settings'
import { changesBetween } from './changes'
import type { People } from './identity-provider/people.ts'
import { PEOPLE_FILE, readPeople } from './local-people'
import { type Addresses, type Staged, stage, writeStaged } from './stage'
import { Watch } from './watch'

/** The configuration that the gateway runs with: the last one that was good. */
export interface Current {
  readonly staged: Staged
  readonly close: () => void
}

interface Around {
  readonly root: string
  readonly addresses: Addresses
  readonly people: People
  /** Is told of each configuration that is taken in, and whether its variables have changed. */
  readonly onChange: (staged: Staged, haveVariablesChanged: boolean) => void
}

/** Takes in each save that is good, and tells of each that is not, once. */
export function keepCurrent({ root, addresses, people, onChange }: Around, first: Staged): Current {
  let staged = first
  let told: string | undefined
  let busy = Promise.resolve()
  const takeIn = async (files: readonly string[]): Promise<void> => {
    try {
      people.replaceBy(readPeople(root))
      const next = await stage(root, addresses)
      watch.follow(next.folders)
      const wasBroken = told !== undefined
      const hasCodeChanged = next.code !== staged.code
      const haveVariablesChanged = JSON.stringify(next.variables) !== JSON.stringify(staged.variables)
      if (hasCodeChanged || wasBroken) writeStaged(root, readDeployments(root).file, next)
      const changes = changesBetween(staged, next)
      if (JSON.stringify(next.agents) !== JSON.stringify(staged.agents))
        changes.push(`the commands of ${DEV_FILE}, which count from the next start on`)
      if (hasCodeChanged || haveVariablesChanged || wasBroken || changes.length > 0 || files.includes(PEOPLE_FILE))
        say(`\n  Took in ${files.join(', ')}${changes.length === 0 ? '' : `: ${changes.join('; ')}`}.\n`)
      staged = next
      onChange(next, haveVariablesChanged)
      told = undefined
    } catch (thrown) {
      const why = sentenceOf(thrown)
      if (why !== told) say(`\n${why.trimEnd()}\n\n  The gateway goes on as it was before ${files.join(', ')}.\n`)
      told = why
    }
  }
  const watch = new Watch(root, (files) => {
    busy = busy.then(() => takeIn(files))
  })
  watch.follow([root, ...first.folders])
  return {
    get staged() {
      return staged
    },
    close: () => watch.close(),
  }
}

function sentenceOf(thrown: unknown): string {
  if (thrown instanceof ConfigurationError) return entriesOf(withSuggestions(thrown.faults, []))
  return thrown instanceof Error ? thrown.message : String(thrown)
}
