/** The periods in which a server was down, in the time of `performance.now()`. */
export class Outages {
  readonly #list: { readonly from: number; until: number }[] = []

  get count(): number {
    return this.#list.length
  }

  get isDown(): boolean {
    return this.#list.at(-1)?.until === Number.POSITIVE_INFINITY
  }

  begin(at = performance.now()): void {
    this.#list.push({ from: at, until: Number.POSITIVE_INFINITY })
  }

  end(at = performance.now()): void {
    const last = this.#list.at(-1)
    if (last) last.until = at
  }

  /**
   * Tells whether a request and an outage overlap in time.
   * @param afterMs how long an outage has effects after its end
   */
  touch({ sentAt, endedAt }: { readonly sentAt: number; readonly endedAt: number }, afterMs = 0): boolean {
    return this.#list.some(({ from, until }) => sentAt <= until + afterMs && endedAt >= from)
  }
}
