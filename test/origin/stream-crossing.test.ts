import type { ServerResponse } from 'node:http'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bearer, forge } from '../support/fixtures'
import { beginEvents, type RecordingOrigin, startOrigin } from '../support/origin'
import { gears } from '../support/streams'
import { call } from '../support/wire'
import { openWorld, type World } from '../support/world'

const USERS = 500
const TURNS = 6
const canaryOf = (user: number) => `canary-${user}-${crypto.randomUUID()}`

let world: World
let origin: RecordingOrigin
/** Replies that are open, with what their agent knows of its user. */
let open: { response: ServerResponse; seen: string[] }[] = []

/**
 * An agent that says, a bit at a time, whom every channel of identity named, and what it was asked.
 */
beforeAll(async () => {
  origin = await startOrigin((request, response, body) => {
    const input = JSON.parse(body)
    // One route sends its agent no identity, so nothing has to be removed from its streams.
    const token = request.headers['x-sallyport-assertion'] ?? request.headers.authorization?.slice('Bearer '.length)
    const identity = input.state?.auth_user?.user_id ?? input.config?.configurable?.langgraph_auth_user?.identity
    const asked = input.messages?.[0]?.content ?? input.input?.messages?.[0]?.content
    const seen = [
      token ? decodeJwt(String(token)).sub : asked,
      identity ?? request.headers['x-user-id'] ?? asked,
      asked,
    ].map(String)
    beginEvents(response)
    response.write(`data: ${JSON.stringify({ type: 'RUN_STARTED', input })}\n\n`)
    open.push({ response, seen })
    if (open.length === USERS) void takeTurns()
  })
  world = await openWorld(({ trust }) => gears.map((gear) => gear.route(origin.url, trust)))
})
afterAll(async () => {
  await world?.close()
  await origin?.close()
})

/**
 * One event to each, in turn, and half an event at a time, so that every stream waits for all the
 * others.
 */
async function takeTurns(): Promise<void> {
  const all = open
  open = []
  for (let turn = 0; turn < TURNS; turn++) {
    for (const part of [0, 1]) {
      for (const { response, seen } of all) {
        const event = `data: ${JSON.stringify({ type: 'TEXT_MESSAGE_CONTENT', delta: seen.join(' ') })}\n\n`
        response.write(part === 0 ? event.slice(0, 40) : event.slice(40))
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  for (const { response } of all) response.end('data: {"type":"RUN_FINISHED"}\n\n')
}

it(`${USERS} people who stream at once receive no data of each other (T33, X14)`, async () => {
  const users = await Promise.all(
    Array.from({ length: USERS }, async (_, user) => {
      const canary = canaryOf(user)
      return { canary, token: await forge(world.provider, { claims: { sub: canary }, algorithm: 'ES256' }) }
    }),
  )
  const faults: string[] = []
  await Promise.all(
    users.map(async ({ canary, token }, index) => {
      const gear = gears[index % gears.length]!
      const messages = [{ id: '1', role: 'user', content: canary }]
      const input =
        gear.protocol === 'ag-ui'
          ? {
              threadId: canary,
              runId: 'r',
              messages,
              tools: [],
              context: [],
              state: { auth_user: { user_id: 'forged' } },
            }
          : { assistant_id: 'agent', input: { messages } }
      const reply = await call(world.gateway.url + gear.path, { body: JSON.stringify(input), headers: bearer(token) })
      const end = await reply.end
      const text = reply.text()
      const seen = new Set(text.match(/canary-\d+-[0-9a-f-]{36}/g))
      const said = text.split(`"delta":"${canary} ${canary} ${canary}"`).length - 1
      if (end !== 'whole' || said !== TURNS || seen.size !== 1 || text.includes('forged'))
        faults.push(`${gear.name}: ${text}`)
    }),
  )
  expect(faults.slice(0, 3)).toEqual([])
})

it('refusals of 200 requests at once contain no data of any caller (T33, X14)', async () => {
  const [gear] = gears
  const replies = await Promise.all(
    Array.from({ length: 200 }, async (_, user) => {
      const canary = canaryOf(user)
      const claims = user % 2 ? { sub: canary, aud: 'someone-else' } : { sub: canary, exp: 1 }
      const token = await forge(world.provider, { claims, algorithm: 'ES256' })
      const reply = await call(world.gateway.url + gear!.path, {
        body: `{"threadId":"${canary}"}`,
        headers: bearer(token),
      })
      await reply.end
      return `${reply.status} ${JSON.stringify(reply.headers)} ${reply.text()}`
    }),
  )
  expect(replies.filter((reply) => reply.includes('canary') || !reply.startsWith('401'))).toEqual([])
})
