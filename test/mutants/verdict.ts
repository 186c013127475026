/**
 * How a run of test files ended. Only `failed` and `late` say something of the code: `unexplained`
 * is an end without a failed test.
 */
export type Ending =
  | { readonly ended: 'passed' }
  | { readonly ended: 'failed'; readonly file: string }
  | { readonly ended: 'late' }
  | { readonly ended: 'unexplained'; readonly why: string }

/** The answer of the tests to a fault. `unclear` counts neither for them nor against them. */
export type Verdict =
  | { readonly is: 'noticed'; readonly by: string }
  | { readonly is: 'survived' }
  | { readonly is: 'unclear'; readonly why: string }

const ATTEMPTS = 3

/**
 * Runs groups of test files until one group notices the fault. It is noticed when the same file
 * fails twice, the second time alone, or when the time limit is reached twice: a test that fails
 * now and then, and a runner that breaks down, raise no score.
 *
 * @param run runs files until the first failure
 */
export async function verdictOf(
  groups: readonly (readonly string[])[],
  run: (files: readonly string[]) => Promise<Ending>,
): Promise<Verdict> {
  for (const files of groups) {
    if (files.length === 0) continue
    const verdict = await ofGroup(files, run)
    if (verdict.is !== 'survived') return verdict
  }
  return { is: 'survived' }
}

async function ofGroup(files: readonly string[], run: (files: readonly string[]) => Promise<Ending>): Promise<Verdict> {
  let why = ''
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const first = await run(files)
    if (first.ended === 'passed') return { is: 'survived' }
    why = nameOf(first)
    if (first.ended === 'unexplained') continue
    const second = await run(first.ended === 'failed' ? [first.file] : files)
    if (second.ended === first.ended && nameOf(second) === why) return { is: 'noticed', by: why }
    why = `${why}, then ${nameOf(second)}`
  }
  return { is: 'unclear', why }
}

/** An ending in a few words. */
export function nameOf(ending: Ending): string {
  if (ending.ended === 'failed') return ending.file
  if (ending.ended === 'unexplained') return ending.why
  return ending.ended === 'late' ? 'time limit' : 'passed'
}
