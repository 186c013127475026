import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import path from 'node:path'
import { root } from './folder.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly date: string
  /** The load average of the last minute, before and after the run. */
  readonly loadBefore: number
  readonly loadAfter: number
  readonly versions: Readonly<Record<string, string>>
}

export type MachineBefore = Omit<Machine, 'loadAfter'>

export const readMachine = (): MachineBefore => ({
  cpu: cpuModel(),
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: release().split('-')[0] ?? '',
  date: new Date().toISOString(),
  loadBefore: loadNow(),
  versions: {},
})

/** @param more versions of programs that were measured in addition to the usual ones */
export const afterwards = (before: MachineBefore, more: Readonly<Record<string, string>> = {}): Machine => ({
  ...before,
  loadAfter: loadNow(),
  versions: { ...versions(), ...more },
})

export const loadNow = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100

/**
 * Describes the CPU. Virtual machines often name no model, so other fields have to show which kind
 * it is.
 */
function cpuModel(): string {
  const info = readFileSync('/proc/cpuinfo', 'utf8')
  const field = (name: string) => new RegExp(`^${name}\\s*: (.+)$`, 'm').exec(info)?.[1] ?? '?'
  return `${cpus()[0]?.model.trim()} (family ${field('cpu family')}, model ${field('model')})`
}

const versions = (): Record<string, string> => ({
  sallyport: packageVersion('.'),
  workerd: packageVersion('node_modules/workerd'),
  node: process.version,
  hono: packageVersion('bench/node_modules/hono'),
})

const packageVersion = (folder: string): string =>
  String(JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')).version)
