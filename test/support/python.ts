import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { spawnChild, untilReady } from '../../src/cli/dev/agents/child.ts'
import { root } from './build'
import { installOnce } from './packages'
import { freePort } from './port'

const run = promisify(execFile)
/** The first of these that is there and new enough is used; the examples need 3.11. */
const PYTHONS = ['python3', 'python3.13', 'python3.12', 'python3.11']
const IS_NEW_ENOUGH = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'

async function findPython(): Promise<string> {
  for (const python of PYTHONS) {
    const isFit = await run(python, ['-c', IS_NEW_ENOUGH]).then(
      () => true,
      () => false,
    )
    if (isFit) return python
  }
  throw new Error('The Python agents need Python 3.11 or later with venv (Debian: apt-get install python3-venv).')
}

/**
 * The folder's own Python, with exactly the packages of its `requirements.txt`.
 * @param name a folder below the root
 */
export async function pythonOf(name: string): Promise<string> {
  const folder = path.join(root, name)
  const venv = path.join(folder, '.venv')
  const python = path.join(venv, 'bin', 'python')
  const stamp = path.join(venv, '.installed')
  const wanted = await readFile(path.join(folder, 'requirements.txt'), 'utf8')
  const isNeeded = async () => (await readFile(stamp, 'utf8').catch(() => '')) !== wanted
  await installOnce(name, isNeeded, async () => {
    await rm(venv, { recursive: true, force: true })
    await run(await findPython(), ['-m', 'venv', venv])
    await run(
      python,
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '-r', 'requirements.txt'],
      {
        cwd: folder,
      },
    )
    await writeFile(stamp, wanted)
  })
  return python
}

export interface PythonServer {
  readonly url: string
  close(): Promise<void>
}

export interface PythonServerOptions {
  /** A folder below the root, with a `requirements.txt`. */
  readonly folder: string
  /** Python's arguments, such as `['-m', 'uvicorn', 'agent:app', '--port', String(port)]`. */
  readonly args: (port: number) => string[]
  readonly env?: Record<string, string>
  /** Answers 2xx once the server is up. */
  readonly readyPath: string
  /** Which statuses count as an answer, if others do too. */
  readonly isReady?: (status: number) => boolean
  /** Where it runs, if not in its folder. */
  readonly cwd?: string
}

/** Starts an example's server on a free port of loopback. */
export async function startPython({
  folder,
  args,
  env = {},
  readyPath,
  isReady,
  cwd,
}: PythonServerOptions): Promise<PythonServer> {
  const command = await pythonOf(folder)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const options = {
    name: folder,
    command,
    args: args(port),
    cwd: cwd ?? path.join(root, folder),
    // A virtual environment that is not activated still has its programs found.
    env: { PATH: `${path.dirname(command)}:${process.env.PATH}`, PYTHONUNBUFFERED: '1', ...env },
    readyUrl: url + readyPath,
    startSeconds: 90,
    ...(isReady && { isReady }),
  }
  const child = spawnChild(options)
  await untilReady(child, options).catch(async (error) => {
    await child.stop()
    throw error
  })
  return { url, close: () => child.stop() }
}
