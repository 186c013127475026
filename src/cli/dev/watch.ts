import { type FSWatcher, watch as watchFolder } from 'node:fs'
import path from 'node:path'

/** An editor writes a file in several steps. */
const SETTLE_MS = 80

/** Says which files have changed, once for several that change together. */
export class Watch {
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #changed = new Set<string>()
  readonly #root: string
  readonly #onChange: (files: readonly string[]) => void
  #timer: NodeJS.Timeout | undefined

  constructor(root: string, onChange: (files: readonly string[]) => void) {
    this.#root = root
    this.#onChange = onChange
  }

  /** Watches the files of these folders, and of no others; not of folders below them. */
  follow(folders: readonly string[]): void {
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue
      const watcher = watchFolder(folder, (_event, file) => {
        if (file !== null) this.#note(path.relative(this.#root, path.join(folder, file)))
      })
      // A folder that is removed is one change more.
      watcher.on('error', () => this.#watchers.delete(folder))
      this.#watchers.set(folder, watcher)
    }
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers.values()) watcher.close()
  }

  #note(file: string): void {
    // In the project's own folder lie many files; these count.
    const isOther =
      !file.includes(path.sep) && !/^wrangler\.(?:toml|jsonc?)$|^\.dev\.vars$|^(?:people|dev)\.json$/.test(file)
    if (isOther || file.endsWith('~')) return
    this.#changed.add(file)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      const files = [...this.#changed].sort()
      this.#changed.clear()
      this.#onChange(files)
    }, SETTLE_MS)
  }
}
