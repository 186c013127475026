import { spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../support/build'
import { type Started, startEverything } from '../support/started'

let started: Started

beforeAll(async () => {
  started = await startEverything()
}, 300_000)
afterAll(async () => {
  await started?.stop()
})

const shell = (script: string) => {
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script], {
    cwd: root,
    encoding: 'utf8',
    env: started.env,
  })
  return { stdout, stderr, status }
}

/** The commands that it printed, as they stand: to paste them is to run them. */
function printedCommands(): string[] {
  const lines = started.output().replaceAll('\\\n', ' ').split('\n')
  return lines.map((line) => line.trim()).filter((line) => line.startsWith('curl') || line.startsWith('TOKEN='))
}

const isListening = (port: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

describe('npm start', () => {
  it('prints lines that get a token and call each agent, and they work as they stand', () => {
    const printed = started.output()
    const token = /TOKEN=\$\([\s\S]*?\/token \| sed .*\)/.exec(printed.replaceAll('\\\n', ' '))?.[0]
    expect(token).toBeDefined()
    const calls = [...printed.replaceAll('\\\n', ' ').matchAll(/^ {2}(curl -N .*)$/gm)].map((match) => match[1])
    expect(calls).toHaveLength(2)
    for (const call of calls) {
      const { stdout } = shell(`${token}\n${call} -s`)
      const text = stdout.replace(/"delta":"|"content":"/g, '')
      expect(stdout, call).toMatch(/Alice|alice/)
      expect(text, call).not.toContain('eyJ')
    }
    const refused = /^ {2}(curl -i .*)$/m.exec(printed.replaceAll('\\\n', ' '))?.[1]
    expect(shell(`${refused} -s`).stdout).toMatch(/^HTTP\/1.1 401 /)
    expect(printedCommands().length).toBeGreaterThan(0)
  })

  it('npm run token prints a bearer for either person, of either algorithm, and nothing else', async () => {
    for (const args of ['alice', 'bob', 'alice --es256']) {
      const { stdout, status } = shell(`node examples/token.ts ${args}`)
      expect(status).toBe(0)
      expect(stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/)
      const reply = await fetch(`${started.gateway}/agents/ag-ui/health`, {
        headers: { authorization: `Bearer ${stdout.trim()}` },
      })
      expect([200, 403]).toContain(reply.status)
    }
    const unknown = shell('node examples/token.ts mallory')
    expect(unknown.status).not.toBe(0)
    expect(unknown.stdout).toBe('')
  })

  it('names a busy port and who holds it', () => {
    const { status, stderr, stdout } = shell('node examples/start.ts')
    expect(status).toBe(1)
    expect(stderr + stdout).toContain(`Port ${started.env.SALLYPORT_PORT} is taken by`)
    if (process.platform === 'linux') expect(stderr + stdout).toMatch(/taken by \S.* \(process \d+\)/)
  })

  it('stops all that it started when it is told to', async () => {
    expect(await started.stop('SIGINT')).toBe(0)
    for (const [name, port] of Object.entries(started.env)) {
      if (/_PORT$/.test(name) && port && name !== 'DEBUG_PORT') expect(await isListening(port), name).toBe(false)
    }
  })
})
