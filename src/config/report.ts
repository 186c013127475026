import { show } from './fault'

/** Says one fault of one file. */
export type Report = (path: string, found: string, expected: string, remedy: string) => void
/** Says that a variable is missing. */
export function reportUnbound(report: Report, path: string, name: string): void {
  const remedy = `Add ${name} to [vars] in wrangler.toml.`
  report(`${path}.env`, `${show(name)}, which is not bound`, 'the name of a variable that is set', remedy)
}

/** A report for a file. */
export type About = (file: string) => Report
