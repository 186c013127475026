import { spawnSync } from 'node:child_process'

/** The version number that a program gives of itself; nothing where there is no such program. */
export function versionOf(command: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  return /\d+\.\d+(\.\d+)?(-[\w.+]+)?/.exec(`${stdout ?? ''}${stderr ?? ''}`)?.[0] ?? ''
}
