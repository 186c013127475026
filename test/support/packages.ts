import { createHash } from 'node:crypto'
import { mkdir, rmdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from './build'
import { install, needsInstall } from './install'

const INSTALL_MS = 300_000

/** Installs the npm packages of a folder the first time, and after its lockfile has changed. */
export async function ready(name: string): Promise<void> {
  const where = path.join(root, name)
  await installOnce(
    name,
    () => needsInstall(where),
    () => install(where, AbortSignal.timeout(INSTALL_MS)),
  )
}

/** Runs an installation that is needed, in one process at a time. */
export async function installOnce(
  name: string,
  isNeeded: () => Promise<boolean>,
  run: () => Promise<void>,
): Promise<void> {
  if (!(await isNeeded())) return
  const id = createHash('sha256').update(path.join(root, name)).digest('hex').slice(0, 16)
  const release = await take(path.join(tmpdir(), `sallyport-install-${id}`))
  try {
    if (!(await isNeeded())) return
    process.stderr.write(`installing the packages of ${name}, once\n`)
    await run()
  } finally {
    await release()
  }
}

async function take(lock: string): Promise<() => Promise<void>> {
  for (;;) {
    const isTaken = await mkdir(lock).then(
      () => true,
      () => false,
    )
    if (isTaken) return () => rmdir(lock)
    // The process that left it behind is long gone.
    const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > INSTALL_MS) await rmdir(lock).catch(() => undefined)
    await sleep(200)
  }
}
