import { type FSWatcher, statSync, watch as watchFolder } from 'node:fs'
import path from 'node:path'

/** How long to wait after the last change, because an editor writes a file in several steps. */
const SETTLE_MS = 80
/**
 * Matches the files directly in the project's folder that are watched. Other files directly in this
 * folder are ignored.
 */
const AT_THE_TOP = /^(?:wrangler\.(?:toml|jsonc?)|\.dev\.vars|people\.json|dev\.json)$/
/** Matches the names of source files. Editors also write temporary files with other names. */
const SOURCE = /^[^.].*\.(?:[cm]?[jt]sx?|json|txt|html|md)$/

interface Watched {
  readonly watcher: FSWatcher
  /** The inode of the folder. A new folder with the same name has another inode. */
  readonly inode: number
}

/**
 * A watcher that reports which files have changed. Several changes at about the same time are
 * reported together.
 */
export class Watch {
  readonly #watched = new Map<string, Watched>()
  readonly #folders = new Set<string>()
  readonly #changed = new Set<string>()
  readonly #root: string
  readonly #onChange: (files: readonly string[]) => void
  #timer: NodeJS.Timeout | undefined

  constructor(root: string, onChange: (files: readonly string[]) => void) {
    this.#root = root
    this.#onChange = onChange
  }

  /** Watches the files directly in these folders, but not those in their subfolders. */
  follow(folders: readonly string[]): void {
    for (const folder of folders) this.#folders.add(folder)
    for (const folder of this.#folders) this.#follow(folder)
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const { watcher } of this.#watched.values()) watcher.close()
  }

  /**
   * Watches a folder. If the folder was removed and made again, starts a new watcher, because the
   * old one no longer works.
   */
  #follow(folder: string): void {
    const inode = statSync(folder, { throwIfNoEntry: false })?.ino
    const known = this.#watched.get(folder)
    if (known && known.inode === inode) return
    known?.watcher.close()
    this.#watched.delete(folder)
    if (inode === undefined) return
    const watcher = watchFolder(folder, (_event, file) => {
      if (file !== null) this.#note(path.relative(this.#root, path.join(folder, file)))
    })
    watcher.on('error', () => this.#watched.delete(folder))
    this.#watched.set(folder, { watcher, inode })
  }

  #note(file: string): void {
    const isTop = !file.includes(path.sep)
    const isFolder = [...this.#folders].some((folder) => path.relative(this.#root, folder).split(path.sep)[0] === file)
    if (isTop ? !(AT_THE_TOP.test(file) || isFolder) : !SOURCE.test(path.basename(file))) return
    this.#changed.add(file)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      const files = [...this.#changed].sort()
      this.#changed.clear()
      this.follow([])
      this.#onChange(files)
    }, SETTLE_MS)
  }
}
