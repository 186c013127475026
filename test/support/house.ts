import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildCommands } from '../../src/cli/build-commands.ts'
import { root } from './build'

/** A project as a user has it, to break, and the commands that run there. */
export interface House {
  readonly root: string
  /** Runs a command in this process, with what it printed. */
  command(...args: string[]): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }>
  read(file: string): string
  write(file: string, text: string): void
  /** Runs something with one text of one file replaced, and puts it back. */
  withChange<T>(file: string, from: string, to: string, run: () => Promise<T>): Promise<T>
  close(): void
}

interface Package {
  readonly cli: { run(args: readonly string[], root: string): Promise<number> }
  readonly testing: typeof import('../../src/testing')
}
let bundled: Promise<Package> | undefined

/** The parts of the package that run in Node, bundled as they are built, once in a process. */
export function builtPackage(): Promise<Package> {
  bundled ??= (async () => {
    const outdir = path.join(root, 'node_modules/.cache/sallyport', `test-cli-${process.pid}`)
    await buildCommands(outdir, { tsconfig: path.join(root, 'tsconfig.json') })
    process.on('exit', () => rmSync(outdir, { recursive: true, force: true }))
    const load = (name: string) => import(/* @vite-ignore */ pathToFileURL(path.join(outdir, name)).href)
    return { cli: await load('cli.js'), testing: await load('testing.js') }
  })()
  return bundled
}

/** @param from the folder that it is a copy of */
export function openHouse(from = 'test/fixtures/house'): House {
  const house = mkdtempSync(path.join(tmpdir(), 'sallyport-'))
  cpSync(path.join(root, from), house, { recursive: true })
  symlinkSync(path.join(root, 'node_modules'), path.join(house, 'node_modules'))
  const at = (file: string) => path.join(house, file)
  return {
    root: house,
    async command(...args) {
      const { run } = (await builtPackage()).cli
      const { log, error, warn } = console
      const written = { stdout: '', stderr: '' }
      console.log = (text: unknown) => {
        written.stdout += `${text}\n`
      }
      console.error = (text: unknown) => {
        written.stderr += `${text}\n`
      }
      try {
        return { status: await run(args, house), ...written }
      } finally {
        Object.assign(console, { log, error, warn })
      }
    },
    read: (file) => readFileSync(at(file), 'utf8'),
    write: (file, text) => writeFileSync(at(file), text),
    async withChange(file, from, to, run) {
      const before = readFileSync(at(file), 'utf8')
      if (!before.includes(from)) throw new Error(`${file} has no ${from}`)
      writeFileSync(at(file), before.replace(from, to))
      try {
        return await run()
      } finally {
        writeFileSync(at(file), before)
      }
    },
    close: () => rmSync(house, { recursive: true, force: true }),
  }
}
