import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureSecrets } from '../../src/cli/dev/secrets.ts'
import { root } from '../support/build'
import { listeningPorts } from '../support/listening'
import { plainRequest } from '../support/raw'
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

  it.runIf(process.platform === 'linux')('opens no debugger, in which secrets could be read', async () => {
    const ports = listeningPorts(started.process.pid ?? 0)
    expect(ports).toContain(Number(started.env.SALLYPORT_PORT))
    for (const port of ports) {
      const answer = await fetch(`http://127.0.0.1:${port}/json/list`).then(
        (reply) => reply.text(),
        () => '',
      )
      expect(answer, `port ${port}`).not.toContain('webSocketDebuggerUrl')
    }
  })

  it('lets no page of another web origin read its agents, or what passed to them', async () => {
    const headers = { origin: 'https://evil.test' }
    for (const name of ['LANGGRAPH_TAP_PORT', 'AG_UI_TAP_PORT', 'AG_UI_PORT']) {
      const [host, port] = ['127.0.0.1', Number(started.env[name])]
      const page = await fetch(`http://${host}:${port}/threads/search`, { method: 'POST', headers })
      expect([name, page.status]).toEqual([name, 403])
      const rebound = await plainRequest(`http://${host}:${port}`, { path: '/health', headers: { host: 'evil.test' } })
      expect([name, rebound.status]).toEqual([name, 403])
    }
    const langgraph = await fetch(`http://127.0.0.1:${started.env.LANGGRAPH_PORT}/ok`, { headers })
    expect([langgraph.status, langgraph.headers.get('access-control-allow-origin')]).toEqual([200, null])
  })

  it('a file of secrets that others may read is told, and how to mend it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-secrets-'))
    const file = path.join(folder, '.dev.vars')
    try {
      expect(await ensureSecrets(file)).toBe(true)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      chmodSync(file, 0o644)
      await expect(ensureSecrets(file)).rejects.toThrow(`chmod 600 ${file}`)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('stops all that it started when it is told to', async () => {
    expect(await started.stop('SIGINT')).toBe(0)
    for (const [name, port] of Object.entries(started.env)) {
      if (/_PORT$/.test(name) && port && name !== 'DEBUG_PORT') expect(await isListening(port), name).toBe(false)
    }
  })
})
