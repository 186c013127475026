import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from './build'
import { freePort } from './port'

/** `npm start`, as a person runs it, on ports of its own. */
export interface Started {
  readonly process: ChildProcess
  /** All that it printed so far. */
  output(): string
  readonly page: string
  readonly gateway: string
  readonly env: NodeJS.ProcessEnv
  /** Sends a signal and waits for the end; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

const PORTS = [
  'SALLYPORT_PORT',
  'DEMO_PORT',
  'IDENTITY_PROVIDER_PORT',
  'LANGGRAPH_PORT',
  'LANGGRAPH_TAP_PORT',
  'AG_UI_PORT',
  'AG_UI_TAP_PORT',
]
/** The first start on a machine installs the sample agents. */
const START_MS = 240_000

export async function startEverything(more: NodeJS.ProcessEnv = {}): Promise<Started> {
  const chosen: NodeJS.ProcessEnv = {}
  for (const name of PORTS) chosen[name] = String(await freePort())
  const env = { ...process.env, ...chosen, ...more }
  const child = spawn(process.execPath, ['examples/start.ts'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      output += data.toString()
    })
  }
  for (let waited = 0; !output.includes('Without a token'); waited += 100) {
    if (child.exitCode !== null || waited > START_MS) throw new Error(`npm start did not come up:\n${output}`)
    await sleep(100)
  }
  return {
    process: child,
    output: () => output,
    page: `http://127.0.0.1:${env.DEMO_PORT}/`,
    gateway: `http://127.0.0.1:${env.SALLYPORT_PORT}`,
    env,
    async stop(signal = 'SIGINT') {
      if (child.exitCode === null) {
        child.kill(signal)
        await once(child, 'exit')
      }
      return child.exitCode
    },
  }
}
