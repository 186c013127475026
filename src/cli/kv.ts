import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { ProjectError } from './project'

/**
 * A KV namespace, on this machine or in a deployment. All access goes through the project's
 * wrangler.
 */
export interface KvNamespace {
  /** Returns all names, with the metadata that is stored beside each value. */
  list(): Promise<readonly { readonly name: string; readonly metadata?: unknown }[]>
  get(name: string): Promise<string>
  put(name: string, value: string, metadata: unknown): Promise<void>
  delete(name: string): Promise<void>
}

/** The place of a KV namespace. */
export interface KvPlace {
  readonly binding: string
  /** An environment of wrangler's file. */
  readonly env: string | undefined
  /** True for the deployed namespace, false for the one on this machine. */
  readonly isRemote: boolean
}

/**
 * Returns access to a KV namespace.
 * @param root the folder of wrangler's file
 */
export function openKv(root: string, { binding, env, isRemote }: KvPlace): KvNamespace {
  const place = ['--binding', binding, isRemote ? '--remote' : '--local', `--env=${env ?? ''}`, '--preview=false']
  const kv = (...args: readonly string[]) => wrangler(root, ['kv', 'key', ...args, ...place])
  return {
    async list() {
      const text = await kv('list')
      return JSON.parse(text.slice(text.indexOf('[')))
    },
    get: (name) => kv('get', name, '--text'),
    async put(name, value, metadata) {
      const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-kv-'))
      try {
        const file = path.join(folder, 'value')
        writeFileSync(file, value, { mode: 0o600 })
        await kv('put', name, '--path', file, '--metadata', JSON.stringify(metadata))
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
    delete: async (name) => void (await kv('delete', name)),
  }
}

/**
 * Runs a wrangler command.
 * @throws ProjectError with the text that wrangler printed
 */
function wrangler(root: string, args: readonly string[]): Promise<string> {
  const require = createRequire(import.meta.url)
  const manifest = require.resolve('wrangler/package.json')
  const bin = path.join(path.dirname(manifest), (require(manifest) as { bin: { wrangler: string } }).bin.wrangler)
  const env = { ...process.env, WRANGLER_HIDE_BANNER: 'true', WRANGLER_SEND_METRICS: 'false', NO_COLOR: '1' }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [bin, ...args], { cwd: root, env, maxBuffer: 1 << 26 }, (error, out, said) => {
      if (!error) resolve(out)
      else
        reject(
          new ProjectError(
            `wrangler ${args.slice(0, 3).join(' ')} failed:\n\n${stripVTControlCharacters(said || out).trim()}`,
          ),
        )
    })
  })
}
