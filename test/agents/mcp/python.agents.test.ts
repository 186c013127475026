import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../../support/build'
import { routeOf } from '../../support/fixtures'
import { type PythonServer, pythonOf, startPython } from '../../support/python'
import { openWorld, type World } from '../../support/world'

let server: PythonServer
let world: World
let python: string

beforeAll(async () => {
  python = await pythonOf('examples/mcp-python')
  server = await startPython({
    folder: 'examples/mcp-python',
    // A GET without a session is refused, which shows that it listens.
    args: (port) => ['-m', 'uvicorn', 'server:app', '--host', '127.0.0.1', '--port', `${port}`],
    readyPath: '/',
    isReady: (status) => status < 500,
  })
  world = await openWorld(({ trust }) => [
    routeOf({ kind: 'mcp', origin: { url: server.url } }, trust, {
      policies: [
        {
          id: 'notes',
          allow: [{ name: 'everybody reads', operations: ['session.*', 'tool.list', 'resource.*', 'tool.call'] }],
          deny: [{ name: 'members may not erase', operations: ['tool.call/erase'], when: { not: { role: 'admin' } } }],
          examples: [
            { as: { roles: ['admin'] }, does: 'tool.call/erase', expect: 'allow' },
            { as: {}, does: 'tool.call/erase', expect: 'deny' },
          ],
        },
      ],
    }),
  ])
}, 300_000)
afterAll(async () => {
  await world?.close()
  await server?.close()
})

const through = () => `${world.gateway.url}/agents/mcp`
const tokenOf = ({ authorization }: { authorization: string }) => authorization.slice('Bearer '.length)

async function told(url: string, mode: string, token = ''): Promise<Record<string, unknown>> {
  const client = path.join(root, 'test/agents/mcp/mcp_client.py')
  const { stdout } = await promisify(execFile)(python, [client, url, mode, token], { timeout: 25_000 })
  return JSON.parse(stdout) as Record<string, unknown>
}

describe.each([
  ['auto', '2026-07-28'],
  ['legacy', '2025-11-25'],
])('the MCP SDK for Python, in mode %s (revision %s)', (mode, revision) => {
  it('a Python client gets the same answers through the gateway as from the server', async () => {
    const answers = {
      revision,
      tools: ['search', 'erase', 'slow'],
      search: 'found sally',
      slow: 'done',
      erase: 'erased',
      progress: [1, 2, 3],
      note: 'buy milk',
    }
    expect(await told(`${server.url}/`, mode)).toEqual(answers)
    expect(await told(through(), mode, tokenOf(world.alice))).toEqual(answers)
  })

  it('a Python client can call every tool except the tool that the policy denies', async () => {
    const answers = await told(through(), mode, tokenOf(world.bob))
    expect(answers).toMatchObject({ search: 'found sally', slow: 'done', erase: expect.stringContaining('refused') })
    const refused = () => world.gateway.audit.filter(({ code }) => code === 'policy-denied').at(-1)
    await expect.poll(refused).toMatchObject({ operations: ['tool.call/erase'], status: 403 })
  })

  it('a Python client without a token gets 401 with code token-missing', async () => {
    const before = world.gateway.audit.length
    expect(await told(through(), mode)).toEqual({ failed: expect.stringContaining('MCPError') })
    const lines = () => world.gateway.audit.slice(before)
    await expect.poll(() => lines().length).toBeGreaterThan(0)
    expect(lines().every(({ status, code }) => status === 401 && code === 'token-missing')).toBe(true)
  })
})
