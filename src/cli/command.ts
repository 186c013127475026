/** One command of `sallyport`. */
export interface Command {
  /** The text that `--help` prints: each option with its meaning. */
  readonly usage: string
  /**
   * @param args the arguments after the command's name
   * @param root the folder of the project
   * @returns the exit code
   * @throws Error with a message for the user, if the command cannot run
   */
  run(args: readonly string[], root: string): Promise<number>
}
