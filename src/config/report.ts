import { show } from './fault'

/** A function that reports one fault in a certain file. */
export type Report = (path: string, found: string, expected: string, remedy: string) => void
export const remedyForUnbound = (name: string): string =>
  `Add ${name} to [vars] in wrangler.toml, and to the vars of each environment.`

/** Reports that a variable of the environment is missing. */
export function reportUnbound(report: Report, path: string, name: string): void {
  report(
    `${path}.env`,
    `${show(name)}, which is not bound`,
    'the name of a variable that is set',
    remedyForUnbound(name),
  )
}

/** A function that returns the `Report` function for a file. */
export type About = (file: string) => Report
