const MOST = 20

/** Sentences about rules that were broken, with the actual and the expected result. */
export class BrokenRules {
  /** The first of these sentences. */
  readonly first: string[] = []
  count = 0

  add(sentences: readonly string[]): void {
    this.count += sentences.length
    for (const sentence of sentences) if (this.first.length < MOST) this.first.push(sentence)
  }
}
