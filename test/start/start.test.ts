import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureSecrets } from '../../src/cli/dev/secrets.ts'
import { isFreePort } from '../../src/cli/free-port'
import { root } from '../support/build'
import { type Dev, startDev } from '../support/dev'
import { listeningPorts } from '../support/listening'
import { ready } from '../support/packages'
import { freePort } from '../support/port'
import { plainRequest } from '../support/raw'

/*
 * `npm start` in this repository: the gateway over its routes, with the sample agents that dev.json
 * names.
 */

let dev: Dev
let ports: { readonly langgraph: number; readonly agUi: number }

beforeAll(async () => {
  await ready('examples/langgraph-js')
  await ready('examples/ag-ui-agent')
  ports = { langgraph: await freePort(), agUi: await freePort() }
  dev = await startDev(root, {
    LANGGRAPH_AGENT_URL: `http://127.0.0.1:${ports.langgraph}`,
    AG_UI_AGENT_URL: `http://127.0.0.1:${ports.agUi}`,
  })
}, 300_000)
afterAll(async () => {
  await dev?.stop()
})

const shell = (script: string) => {
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script], { cwd: root, encoding: 'utf8' })
  return { stdout, stderr, status }
}

describe('npm start', () => {
  it('npm start prints each route with its local address, its agent, and whether the agent listens', () => {
    const printed = dev.output()
    expect(printed).toContain(
      `${dev.gateway}/agents/langgraph\n    langgraph at http://127.0.0.1:${ports.langgraph}/, which listens`,
    )
    expect(printed).toContain(
      `${dev.gateway}/agents/ag-ui\n    ag-ui at http://127.0.0.1:${ports.agUi}/, which listens`,
    )
    expect(printed).toContain('maf at http://127.0.0.1:8002/')
    expect(printed).toContain(`${dev.page}\n`)
  })

  it('npm start prints a command that gets a token, and each sample agent answers with the name of the person', async () => {
    const line = /TOKEN=\$\((.*)\)/.exec(dev.output())?.[1]
    expect(line).toBe(`npm run -s token -- alice --port ${dev.port}`)
    const { stdout, status } = shell(line ?? '')
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/)])
    const headers = { authorization: `Bearer ${stdout.trim()}`, 'content-type': 'application/json' }
    const input = { threadId: 't', runId: 'r', messages: [{ id: 'm', role: 'user', content: 'Who am I?' }] }
    const bodies = {
      '/agents/ag-ui': { ...input, tools: [], context: [], state: {} },
      '/agents/langgraph/runs/stream': {
        assistant_id: 'agent',
        input: { messages: [{ role: 'user', content: 'Who am I?' }] },
        stream_mode: ['messages-tuple'],
      },
    }
    for (const [at, body] of Object.entries(bodies)) {
      const reply = await fetch(dev.gateway + at, { method: 'POST', headers, body: JSON.stringify(body) })
      const text = await reply.text()
      expect([at, reply.status, /Alice|alice/.test(text), text.includes('eyJ')]).toEqual([at, 200, true, false])
    }
  })

  it('npm run token prints no token for an unknown person', () => {
    const { status, stdout } = shell(`npm run -s token mallory -- --port ${dev.port}`)
    expect([status, stdout]).toEqual([1, ''])
  })

  it('npm start prints a refused request with its reason, found, expected and the explain command', async () => {
    await fetch(`${dev.gateway}/agents/ag-ui`, { method: 'POST', headers: { authorization: 'Bearer opaque-token' } })
    const printed = await dev.printed(/token-invalid \(form\)[\s\S]*?explain -- --dev/)
    expect(printed).toMatch(
      /\d\d:\d\d:\d\d {2}[0-9a-f]{8} {2}401 {2}- +POST {4}\/agents\/ag-ui {2}token-invalid \(form\) {2}\d+ ms\n +found .*, expected .*\n +npm run -s explain -- --dev --token FILE shows every check\.\n/,
    )
  })

  it('sallyport dev fails on a port in use, and names the port and the process that holds it', () => {
    const { status, stderr } = shell(`node src/cli/run.mjs dev --port ${dev.port}`)
    expect([status, stderr]).toEqual([1, expect.stringContaining(`Port ${dev.port} is taken`)])
    if (process.platform === 'linux') expect(stderr).toMatch(/taken by \S.* \(process \d+\)/)
  })

  it.runIf(process.platform === 'linux')('npm start opens no debugger, which could expose secrets', async () => {
    const open = listeningPorts(dev.process.pid ?? 0)
    expect(open).toContain(dev.port)
    for (const port of open) {
      const answer = await fetch(`http://127.0.0.1:${port}/json/list`).then(
        (reply) => reply.text(),
        () => '',
      )
      expect(answer, `port ${port}`).not.toContain('webSocketDebuggerUrl')
    }
  })

  it('npm start lets no page of another web origin read the agents, the traffic or a token', async () => {
    const headers = { origin: 'https://evil.test' }
    const own = listeningPorts(dev.process.pid ?? 0).filter((port) => port !== dev.port && port !== dev.port + 1)
    expect(own).toContain(dev.port + 2)
    for (const port of own) {
      const url = `http://127.0.0.1:${port}`
      const page = await fetch(`${url}/token`, { method: 'POST', headers, body: '{"person":"alice"}' }).catch(
        () => undefined,
      )
      expect([port, page?.headers.get('access-control-allow-origin') ?? null]).toEqual([port, null])
      expect(page ? await page.text() : '').not.toContain('eyJ')
    }
    const page = `http://127.0.0.1:${dev.port + 2}`
    const rebound = await plainRequest(page, { path: '/state', headers: { host: 'evil.test' } })
    expect(rebound.status).toBe(421)
    const foreign = await fetch(`${page}/token`, { method: 'POST', headers, body: '{"person":"alice"}' })
    expect(foreign.status).toBe(403)
  })

  it('npm start refuses a file of secrets that other users can read, and prints the chmod command', async () => {
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

  it('npm start stops all its processes and agents on SIGINT', async () => {
    expect(await dev.stop('SIGINT')).toBe(0)
    for (const port of [dev.port, dev.port + 1, dev.port + 2, ports.langgraph, ports.agUi])
      expect([port, await isFreePort(port)]).toEqual([port, true])
  })
})
