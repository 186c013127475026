/**
 * One fault of the configuration, with a description that lets a user correct it without reading
 * Sallyport's code.
 */
export interface Fault {
  /**
   * The file that contains the fault. By convention, a file is named after the id that it defines.
   */
  readonly file: string
  /** The place in the exported object, such as `agent.origin.env`. */
  readonly path: string
  readonly found: string
  readonly expected: string
  readonly remedy: string
}

/**
 * An error that contains all faults of a configuration. It is thrown when a configuration loads.
 * The Worker then does not start, and `sallyport check` prints the same text.
 */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'

  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super(`Sallyport does not start: ${count(faults, 'fault')} in its configuration.\n\n${entriesOf(faults)}\n`)
    this.faults = faults
  }
}

export const count = (faults: readonly Fault[], name: string): string =>
  faults.length === 1 ? `one ${name}` : `${faults.length} ${name}s`

export const entriesOf = (faults: readonly Fault[]): string =>
  faults
    .map(
      ({ file, path, found, expected, remedy }) =>
        `  ${file}  ${path}\n    found     ${found}\n    expected  ${expected}\n    remedy    ${remedy}`,
    )
    .join('\n\n')

/** Formats a value for the text of a fault: short, on one line. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'function') return 'a function'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
