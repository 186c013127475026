import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import path from 'node:path'
import { cache, root } from './folder.ts'
import { versionOf } from './version.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly date: string
  /** The load average of the last minute, before and after. */
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

export const afterwards = (before: MachineBefore): Machine => ({
  ...before,
  loadAfter: loadNow(),
  versions: versions(),
})

export const loadNow = (): number => Math.round((loadavg()[0] ?? 0) * 100) / 100

/** Virtual machines often name no model; what they do say tells one kind from another. */
function cpuModel(): string {
  const info = readFileSync('/proc/cpuinfo', 'utf8')
  const field = (name: string) => new RegExp(`^${name}\\s*: (.+)$`, 'm').exec(info)?.[1] ?? '?'
  return `${cpus()[0]?.model.trim()} (family ${field('cpu family')}, model ${field('model')})`
}

/** Asked for after the run: by then everything that could be installed is. */
function versions(): Record<string, string> {
  const all = {
    sallyport: packageVersion('.'),
    workerd: packageVersion('node_modules/workerd'),
    node: process.version,
    hono: packageVersion('bench/node_modules/hono'),
    haproxy: ofDebian('/usr/sbin/haproxy'),
    nginx: ofDebian('/usr/sbin/nginx'),
    apache: ofDebian('/usr/sbin/apache2'),
    envoy: versionOf(path.join(cache, 'envoy/envoy/_bin/envoy'), '--version'),
  }
  return Object.fromEntries(Object.entries(all).filter(([, version]) => version !== ''))
}

/** Installed, or unpacked by us. */
const ofDebian = (file: string): string => versionOf(file, '-v') || versionOf(path.join(cache, 'debian', file), '-v')

const packageVersion = (folder: string): string =>
  String(JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')).version)
