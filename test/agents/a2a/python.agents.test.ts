import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../../support/build'
import { routeOf } from '../../support/fixtures'
import { type PythonServer, pythonOf, startPython } from '../../support/python'
import { openWorld, type World } from '../../support/world'

const INTERNAL = 'http://echo.internal:8004'
let agent: PythonServer
let world: World
let python: string

beforeAll(async () => {
  python = await pythonOf('examples/a2a-python')
  agent = await startPython({
    folder: 'examples/a2a-python',
    args: (port) => ['-m', 'uvicorn', 'agent:app', '--host', '127.0.0.1', '--port', `${port}`],
    env: { URL: INTERNAL },
    readyPath: '/.well-known/agent-card.json',
  })
  world = await openWorld(({ trust }) => [
    routeOf({ kind: 'a2a', origin: { url: agent.url } }, trust, {
      policies: [
        {
          id: 'admins',
          allow: [{ name: 'admins talk', operations: ['card.read', 'message.stream'], when: { role: 'admin' } }],
          examples: [
            { as: { roles: ['admin'] }, does: 'message.stream', expect: 'allow' },
            { as: {}, does: 'message.stream', expect: 'deny' },
          ],
        },
      ],
    }),
  ])
}, 300_000)
afterAll(async () => {
  await world?.close()
  await agent?.close()
})

async function told(binding: string, version: string, token: string): Promise<Record<string, unknown>> {
  const client = path.join(root, 'test/agents/a2a/a2a_client.py')
  const gate = `${world.gateway.url}/agents/a2a`
  const { stdout } = await promisify(execFile)(python, [client, gate, binding, version, token], { timeout: 25_000 })
  return JSON.parse(stdout) as Record<string, unknown>
}
const tokenOf = ({ authorization }: { authorization: string }) => authorization.slice('Bearer '.length)

describe.each([
  ['JSONRPC', '1.0'],
  ['HTTP+JSON', '1.0'],
  ['JSONRPC', '0.3'],
])('the A2A SDK for Python, over %s %s', (binding, version) => {
  it('a Python client reaches an agent with an internal address and gets the stream of the agent', async () => {
    expect(await told(binding, version, tokenOf(world.alice))).toEqual({
      addresses: [`${world.gateway.url}/agents/a2a`],
      events: ['task', 'status_update', 'artifact_update', 'status_update'],
      said: 'You said: hello',
    })
    await expect.poll(() => world.gateway.audit.at(-1)).toMatchObject({ operations: ['message.stream'], status: 200 })
  })

  it('a Python client gets 403 without the needed role, and 401 without a token', async () => {
    expect(await told(binding, version, tokenOf(world.bob))).toEqual({ failed: expect.stringContaining('403') })
    expect(await told(binding, version, '')).toEqual({ failed: expect.stringContaining('401') })
  })
})
