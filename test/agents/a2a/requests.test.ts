import { beforeAll, describe, expect, it } from 'vitest'
import { type AgentPackage, loadAgentPackages } from '../../support/agent-packages'

/** Refused, wherever it stands. */
const REFUSED = ['tenant']
/**
 * Read by the gateway: ids that belong to their owner, what can set a push configuration, and what
 * may not name a person.
 */
const READ = [
  ...['id', 'taskId', 'contextId', 'referenceTaskIds', 'message', 'configuration', 'taskPushNotificationConfig'],
  ...['metadata', 'parts', 'content', 'url', 'token', 'authentication'],
]
/** They name no data of another person. Lists, which hold data of everyone, are closed. */
const HARMLESS = [
  ...['acceptedOutputModes', 'extensions', 'filename', 'historyLength', 'includeArtifacts', 'mediaType', 'messageId'],
  ...['pageSize', 'pageToken', 'returnImmediately', 'role', 'status', 'statusTimestampAfter'],
]

/**
 * The members of each message of A2A's protocol buffers that a caller can send, as the SDK has
 * them.
 */
const messages = new Map<string, readonly string[]>()

beforeAll(async () => {
  const [sdk] = await loadAgentPackages('@a2a-js/sdk')
  for (const [name, { fromJSON }] of Object.entries<AgentPackage>(sdk))
    if (/(?:Request|Configuration|NotificationConfig|^Message|^Part)$/.test(name) && fromJSON)
      messages.set(name, Object.keys(fromJSON({})))
}, 300_000)

describe('requests of the JavaScript SDK of A2A', () => {
  it('the gateway knows every request member of the JavaScript A2A SDK', () => {
    expect(messages.size).toBeGreaterThan(11)
    const members = new Set([...messages.values()].flat())
    const known = [...REFUSED, ...READ, ...HARMLESS]
    expect([...members].filter((name) => !known.includes(name))).toEqual([])
    expect(known.filter((name) => !members.has(name))).toEqual([])
  })
})
