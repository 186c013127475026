/**
 * The three processes of a comparison: the working tree's build, the commit's build, and the
 * commit's build in a second process.
 */
export interface Trio<T> {
  readonly tree: T
  readonly commit: T
  readonly again: T
}

export const members = ['tree', 'commit', 'again'] as const satisfies readonly (keyof Trio<unknown>)[]

/** All orders of the three processes. In six turns, each member is in each place twice. */
const orders: readonly (readonly (keyof Trio<unknown>)[])[] = [
  ['tree', 'commit', 'again'],
  ['again', 'commit', 'tree'],
  ['commit', 'again', 'tree'],
  ['tree', 'again', 'commit'],
  ['again', 'tree', 'commit'],
  ['commit', 'tree', 'again'],
]

/** Makes one value for each member of the trio, one after the other. */
export async function trioOf<T>(make: (member: keyof Trio<T>) => Promise<T>): Promise<Trio<T>> {
  return { tree: await make('tree'), commit: await make('commit'), again: await make('again') }
}

/**
 * Does one slice of work on each of the three processes in turn, as many times as asked. The order
 * changes each time. If the machine slows down for a while, it thus slows all three.
 * @param work does one slice and returns its cost
 */
export async function interleave(work: Trio<() => Promise<number>>, slices: number): Promise<Trio<number>[]> {
  const costs: Trio<number>[] = []
  for (let slice = 0; slice < slices; slice++) {
    const cost = { tree: Number.NaN, commit: Number.NaN, again: Number.NaN }
    for (const member of orders[slice % orders.length] ?? members) cost[member] = await work[member]()
    costs.push(cost)
  }
  return costs
}
