/** One thing that is wrong with the configuration, said so that it can be mended without reading Sallyport's code. */
export interface Fault {
  /** The file that holds it, by the convention that a file is named as the id it defines. */
  readonly file: string
  /** Where in the exported object, such as `agent.origin.env`. */
  readonly path: string
  readonly found: string
  readonly expected: string
  readonly remedy: string
}

/** Thrown at load with every fault at once. The Worker does not start, and `npm run check` prints the same text. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'

  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super(report(faults))
    this.faults = faults
  }
}

function report(faults: readonly Fault[]): string {
  const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`
  const entries = faults.map(
    (fault) =>
      `  ${fault.file}  ${fault.path}\n    found     ${fault.found}\n    expected  ${fault.expected}\n    remedy    ${fault.remedy}`,
  )
  return `Sallyport does not start: ${count} in its configuration.\n\n${entries.join('\n\n')}\n`
}

/** A value as a fault shows it: short, on one line. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'function') return 'a function'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
