import { beforeAll, describe, expect, it } from 'vitest'
import { NOTIFY, OPERATIONS } from '../../../src/agents/mcp/endpoints'
import { type AgentPackage, loadAgentPackages } from '../../support/agent-packages'

/** Read by the gateway: they name the operation, or belong to their owner. */
const READ = ['name', 'uri', 'taskId', 'task', '_meta']
/** They change what is done, and name no data of another person. */
const HARMLESS = [
  ...['argument', 'arguments', 'capabilities', 'clientInfo', 'context', 'createdAt', 'cursor', 'lastUpdatedAt'],
  ...['level', 'message', 'pollInterval', 'progress', 'progressToken', 'protocolVersion', 'reason', 'ref', 'requestId'],
  ...['status', 'statusMessage', 'total', 'ttl'],
]

/** The members of each message's parameters, by its method, as the SDK's schemas say. */
const params = new Map<string, readonly string[]>()

beforeAll(async () => {
  const [types] = await loadAgentPackages('@modelcontextprotocol/sdk/types.js')
  for (const union of [types.ClientRequestSchema, types.ClientNotificationSchema])
    for (const { shape } of union.options as { shape: AgentPackage }[]) {
      const { innerType } = shape.params._def
      params.set(shape.method.value, Object.keys(shape.params.shape ?? innerType?.shape ?? {}))
    }
}, 300_000)

describe('requests of the TypeScript SDK of MCP', () => {
  it('the gateway knows every request method of the TypeScript MCP SDK', () => {
    const requests = [...params.keys()].filter((method) => !method.startsWith('notifications/'))
    expect(requests.length).toBeGreaterThan(15)
    expect(requests.filter((method) => !Object.hasOwn(OPERATIONS, method))).toEqual([])
    expect(NOTIFY).toBe('session.notify')
  })

  it('the gateway knows every request parameter of the TypeScript MCP SDK', () => {
    const members = new Set([...params.values()].flat())
    expect([...members].filter((name) => !READ.includes(name) && !HARMLESS.includes(name))).toEqual([])
    expect([...READ, ...HARMLESS].filter((name) => !members.has(name))).toEqual([])
  })
})
