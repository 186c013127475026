import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isFreePort } from '../../src/cli/free-port'
import { root } from './build'
import { freePort } from './port'

/** `sallyport dev` in a project, as a person runs it, on ports of its own. */
export interface Dev {
  readonly process: ChildProcess
  /** All that it printed so far. */
  output(): string
  readonly port: number
  readonly gateway: string
  readonly provider: string
  readonly page: string
  /** A token of a local person. */
  token(person: string): Promise<string>
  /** Waits until it has printed something, and gives all that it printed. */
  printed(what: RegExp): Promise<string>
  /** Sends a signal and waits for the end; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

const START_MS = 240_000
const PRINT_MS = 20_000

/** The gateway, the provider and the page have ports that follow each other. */
export async function threeFreePorts(): Promise<number> {
  for (;;) {
    const port = await freePort()
    if ((await isFreePort(port + 1)) && (await isFreePort(port + 2))) return port
  }
}

export async function startDev(project: string, env: NodeJS.ProcessEnv = {}): Promise<Dev> {
  const port = await threeFreePorts()
  const run = path.join(root, 'src/cli/run.mjs')
  const child = spawn(process.execPath, [run, 'dev', '--port', String(port)], {
    cwd: project,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString()
    })
  }
  const printed = async (what: RegExp, within: number): Promise<string> => {
    for (let waited = 0; !what.test(output); waited += 50) {
      if (child.exitCode !== null || waited > within) throw new Error(`${what} was not printed:\n${output}`)
      await sleep(50)
    }
    return output
  }
  const at = (offset: number) => `http://127.0.0.1:${port + offset}`
  await printed(/The gateway is running[\s\S]*127\.0\.0\.1:\d+\/\n/, START_MS).catch(async (error) => {
    child.kill('SIGKILL')
    throw error
  })
  return {
    process: child,
    output: () => output,
    port,
    gateway: at(0),
    provider: at(1),
    page: `${at(2)}/`,
    async token(person) {
      const form = { grant_type: 'password', client_id: 'sallyport-cli', username: person, password: person }
      const reply = await fetch(`${at(1)}/token`, { method: 'POST', body: new URLSearchParams(form) })
      return ((await reply.json()) as { access_token: string }).access_token
    },
    printed: (what) => printed(what, PRINT_MS),
    async stop(signal = 'SIGINT') {
      if (child.exitCode === null) {
        child.kill(signal)
        await once(child, 'exit')
      }
      return child.exitCode
    },
  }
}

/** Lets a project of the tests find the package, which is not installed there. */
export function linkPackage(project: string): void {
  const paths = {
    sallyport: [path.join(root, 'src/config/define.ts')],
    'sallyport/worker': [path.join(root, 'src/worker.ts')],
  }
  writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: { paths } }))
}
