const MOST = 20

/** Rules that were broken, with what was found and what was expected. */
export class BrokenRules {
  /** The first ones. */
  readonly first: string[] = []
  count = 0

  add(sentences: readonly string[]): void {
    this.count += sentences.length
    for (const sentence of sentences) if (this.first.length < MOST) this.first.push(sentence)
  }
}
