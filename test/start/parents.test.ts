import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holderOf } from '../../src/cli/dev/port-holder'
import { isFreePort } from '../../src/cli/free-port'
import { root } from '../support/build'
import { threeFreePorts } from '../support/dev'
import { ready } from '../support/packages'
import { freePort } from '../support/port'

/* `npm start` ends all that it started when npm goes, however it goes. */

const START_MS = 120_000
const END_MS = 20_000

/**
 * A folder with everything of this repository but its local state. After SIGKILL, workerd has to
 * recover its database files, and another workerd that opens the same files at that time fails
 * (SQLITE_BUSY_RECOVERY).
 */
const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-parents-'))

beforeAll(async () => {
  await ready('examples/langgraph-js')
  await ready('examples/ag-ui-agent')
  for (const name of readdirSync(root))
    if (name !== '.git' && name !== '.wrangler') symlinkSync(path.join(root, name), path.join(folder, name))
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function until(isTrue: () => boolean | Promise<boolean>, within: number): Promise<boolean> {
  for (let waited = 0; waited < within; waited += 100) {
    if (await isTrue()) return true
    await sleep(100)
  }
  return false
}

async function started() {
  const port = await threeFreePorts()
  const agents = [await freePort(), await freePort()]
  const [langgraph, agUi] = agents.map((each) => `http://127.0.0.1:${each}`)
  const npm = spawn('npm', ['start', '--', '--port', String(port)], {
    cwd: folder,
    env: { ...process.env, LANGGRAPH_AGENT_URL: langgraph, AG_UI_AGENT_URL: agUi },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (data) => (output += data))
  const ended = once(npm, 'exit').then(() => true)
  const isReady = await Promise.race([
    until(() => output.includes('Try your routes'), START_MS),
    ended.then(() => false),
  ])
  expect(isReady, output).toBe(true)
  const ports = [port, port + 1, port + 2, ...agents]
  const taken = async () => {
    const areFree = await Promise.all(ports.map(isFreePort))
    return ports.filter((_, at) => !areFree[at])
  }
  expect(await taken()).toEqual(ports)
  return {
    npm,
    port,
    /** Waits until it has ended, and everything that it started. */
    async end() {
      await ended
      expect(await until(async () => (await taken()).length === 0, END_MS), `${await taken()} taken\n${output}`).toBe(
        true,
      )
    },
  }
}

/**
 * The parent of a process. @see proc(5): the fourth field of `stat`, behind a name in parentheses
 */
function parentOf(pid: number): number {
  const [, state] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) \S /)
  return Number(state?.split(' ', 1)[0])
}

describe('npm start', { timeout: START_MS + 2 * END_MS }, () => {
  it.each(['SIGTERM', 'SIGKILL', 'SIGHUP'] as const)(
    'npm start ends all its processes if npm gets a %s',
    async (signal) => {
      const { npm, end } = await started()
      npm.kill(signal)
      await end()
    },
  )

  it('npm start ends all its processes if the process that runs workerd is killed', async () => {
    const { port, end } = await started()
    const workerd = await holderOf(port)
    expect(workerd?.name).toContain('workerd')
    process.kill(parentOf(workerd!.pid), 'SIGKILL')
    await end()
  })

  it('npm start ends workerd and the agents if the command itself is killed', async () => {
    const { port, end } = await started()
    const workerd = await holderOf(port)
    process.kill(parentOf(parentOf(workerd!.pid)), 'SIGKILL')
    await end()
  })
})
