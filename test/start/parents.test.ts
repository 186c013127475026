import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { isFreePort } from '../../src/cli/free-port'
import { root } from '../support/build'
import { threeFreePorts } from '../support/dev'
import { ready } from '../support/packages'
import { freePort } from '../support/port'

/* `npm start` ends all that it started when npm goes, however it goes. */

const START_MS = 120_000
const END_MS = 20_000

beforeAll(async () => {
  await ready('examples/langgraph-js')
  await ready('examples/ag-ui-agent')
}, 300_000)

async function until(isTrue: () => boolean | Promise<boolean>, within: number): Promise<boolean> {
  for (let waited = 0; waited < within; waited += 100) {
    if (await isTrue()) return true
    await sleep(100)
  }
  return false
}

describe('npm start', () => {
  it.each(['SIGTERM', 'SIGKILL', 'SIGHUP'] as const)('ends with npm, which gets a %s', async (signal) => {
    const port = await threeFreePorts()
    const agents = [await freePort(), await freePort()]
    const [langgraph, agUi] = agents.map((each) => `http://127.0.0.1:${each}`)
    const npm = spawn('npm', ['start', '--', '--port', String(port)], {
      cwd: root,
      env: { ...process.env, LANGGRAPH_AGENT_URL: langgraph, AG_UI_AGENT_URL: agUi },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (data) => (output += data))
    expect(await until(() => output.includes('Try your routes'), START_MS), output).toBe(true)
    const ports = [port, port + 1, port + 2, ...agents]
    const areFree = async () => (await Promise.all(ports.map(isFreePort))).every(Boolean)
    expect(await Promise.all(ports.map(isFreePort))).toEqual(ports.map(() => false))
    npm.kill(signal)
    if (npm.exitCode === null && npm.signalCode === null) await once(npm, 'exit')
    expect(await until(areFree, END_MS), output).toBe(true)
  })
})
