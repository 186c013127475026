/** One command of `sallyport`. */
export interface Command {
  /** What `--help` prints: each option with what it does. */
  readonly usage: string
  /**
   * @param args what follows the command's name
   * @param root the folder of the project
   * @returns the exit code
   * @throws Error with a sentence for the person, where it cannot run
   */
  run(args: readonly string[], root: string): Promise<number>
}
