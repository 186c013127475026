import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { cache } from '../folder.ts'

/** Returns the versions of the proxies that are installed; call it after they were started. */
export function proxyVersions(): Record<string, string> {
  const all = {
    haproxy: ofDebian('/usr/sbin/haproxy'),
    nginx: ofDebian('/usr/sbin/nginx'),
    apache: ofDebian('/usr/sbin/apache2'),
    envoy: versionOf(path.join(cache, 'envoy/envoy/_bin/envoy'), '--version'),
  }
  return Object.fromEntries(Object.entries(all).filter(([, version]) => version !== ''))
}

/**
 * Returns the version of a program that the system has, or of one that was unpacked into the cache.
 */
const ofDebian = (file: string): string => versionOf(file, '-v') || versionOf(path.join(cache, 'debian', file), '-v')

/** Returns the version number in a program's own output; empty if there is no such program. */
function versionOf(command: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  return /\d+\.\d+(\.\d+)?(-[\w.+]+)?/.exec(`${stdout ?? ''}${stderr ?? ''}`)?.[0] ?? ''
}
