import type { Exchange } from '../exchange.ts'
import type { Running } from '../process.ts'
import type { Binding } from '../sallyport.ts'
import { checkSubject, insist } from '../self-check.ts'
import { shuffled } from '../statistics.ts'
import type { World } from '../world.ts'
import type { Builds } from './builds.ts'
import { interleave, members, type Trio, trioOf } from './trio.ts'
import type { Measured } from './verdict.ts'

/**
 * A case of a comparison. It is measured in the same way on each of the three processes in a trio.
 */
export interface Compared {
  readonly title: string
  readonly exchange: Exchange
  readonly bind: Binding
  /** A multiple of six, so that each order of the three processes is used equally often. */
  readonly slices: number
  /** Warms a process up for this case. */
  begin(subject: Running): Promise<Work>
}

export interface Work {
  /**
   * Sends the requests of one slice. Returns its CPU time in microseconds for each request or
   * event.
   */
  slice(): Promise<number>
  end(): void
}

/**
 * Measures every case once in each round, on new processes. The order of the cases changes from
 * round to round.
 */
export async function compare(
  cases: readonly Compared[],
  builds: Builds,
  world: World,
  rounds: number,
): Promise<Measured[]> {
  const measured = new Map(cases.map((each) => [each, [] as Trio<number>[][]]))
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`  round ${round + 1} of ${rounds}\n`)
    await withProcesses(cases, builds, async (trios) => {
      if (round === 0) await check(cases, trios, world)
      for (const each of shuffled(cases)) measured.get(each)?.push(await sample(each, trioFor(each, trios)))
    })
  }
  return cases.map((each) => ({ title: each.title, rounds: measured.get(each) ?? [] }))
}

type Trios = ReadonlyMap<Binding, Trio<Running>>

/**
 * Starts three processes for each binding that the cases need, and stops them afterwards. Each
 * round has new processes. If one process happens to be slow, this counts as noise of one round
 * only.
 */
async function withProcesses(
  cases: readonly Compared[],
  builds: Builds,
  use: (trios: Trios) => Promise<void>,
): Promise<void> {
  const running: Running[] = []
  const trios = new Map<Binding, Trio<Running>>()
  const started = async (member: keyof Trio<Running>, bind: Binding) => {
    const subject = await builds.start(member, bind)
    running.push(subject)
    return subject
  }
  try {
    for (const bind of new Set(cases.map((each) => each.bind))) {
      trios.set(bind, await trioOf((member) => started(member, bind)))
    }
    await use(trios)
  } finally {
    for (const subject of running) await subject.stop()
  }
}

async function check(cases: readonly Compared[], trios: Trios, world: World): Promise<void> {
  for (const each of cases) {
    for (const member of members) insist(await checkSubject(world, trioFor(each, trios)[member], each.exchange))
  }
}

async function sample({ begin, slices }: Compared, trio: Trio<Running>): Promise<Trio<number>[]> {
  const begun: Work[] = []
  try {
    const work = await trioOf(async (member) => {
      const one = await begin(trio[member])
      begun.push(one)
      return () => one.slice()
    })
    return await interleave(work, slices)
  } finally {
    for (const work of begun) work.end()
  }
}

function trioFor({ bind }: Compared, trios: Trios): Trio<Running> {
  const trio = trios.get(bind)
  if (!trio) throw new Error(`no process was started with bind: ${bind}`)
  return trio
}
