import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Agent, Policy, Route } from '../../../src/config/define'
import { type AgUiClient, type AgUiEvent, type HttpAgent, loadClients } from '../../support/clients'
import { eventually } from '../../support/eventually'
import { bearer, forge, routeOf } from '../../support/fixtures'
import type { PythonServer } from '../../support/python'
import { openWorld, type World } from '../../support/world'
import { type Model, startModel } from '../model'
import { startTap, type Tap } from '../tap'

export interface Subject {
  readonly name: string
  readonly kind: 'ag2' | 'maf'
  /** Starts the agent, with what it needs to reach its model. */
  readonly start: (env: Model['env']) => Promise<PythonServer>
  /** Where the agent is mounted. */
  readonly mount: string
  /** Whether it lets go of its model when its caller leaves. */
  readonly stopsModel: boolean
}

/** The values that the gateway writes into the state for alice. */
const ALICE = {
  user_id: 'alice',
  email: 'alice@example.com',
  name: 'Alice Admin',
  role: 'admin',
  roles: ['admin'],
  tenant: 'acme',
  scopes: ['agents:use', 'agents:manage'],
}

const QUESTION = '{"id":"q1","role":"user","content":"my account"}'

const adminsOnly: Policy = {
  id: 'admins-only',
  allow: [{ name: 'admins', operations: ['*'], when: { role: 'admin' } }],
  examples: [
    { as: { roles: ['admin'] }, does: 'run.stream', expect: 'allow' },
    { as: {}, does: 'run.stream', expect: 'deny' },
  ],
}

/**
 * Runs an agent with the client that people have; gives every event that the client made of the
 * stream.
 */
export async function run(agent: HttpAgent, content: string, parameters: object = {}): Promise<AgUiEvent[]> {
  const events: AgUiEvent[] = []
  agent.addMessage({ id: crypto.randomUUID(), role: 'user', content })
  await agent.runAgent({ runId: 'r1', ...parameters }, { onEvent: ({ event }) => void events.push(event) })
  return events
}

/** The values that the agent's tool was told about its user. */
export const told = (events: readonly AgUiEvent[]): string[] =>
  events
    .filter(({ type }) => type === 'TOOL_CALL_RESULT')
    .map(({ content }) => /user_id['"]: ?['"](\w+)/.exec(String(content))?.[1] ?? String(content))

/** Messages without the results of tools. */
const wordsOf = (messages: unknown): unknown =>
  Array.isArray(messages) ? messages.filter(({ role }) => role !== 'tool') : messages

/** Ids and times differ from run to run. */
const CHANGING = new Set(['id', 'messageId', 'parentMessageId', 'runId', 'threadId', 'timestamp', 'auth_user'])
const withoutChanging = (events: readonly AgUiEvent[]): unknown =>
  JSON.parse(JSON.stringify(events, (key, value) => (CHANGING.has(key) ? undefined : value)))

/** The tests of every agent that looks for its user in the state, whatever it is made with. */
export function itRunsBehindTheGate(subject: Subject): void {
  describe(`${subject.name} behind the gateway`, () => {
    let client: AgUiClient
    let model: Model
    let agent: PythonServer
    /** Between the gateway and the agent. */
    let tap: Tap
    let world: World

    beforeAll(async () => {
      // The client prints every failure that it also reports.
      vi.spyOn(console, 'error').mockImplementation(() => undefined)
      client = (await loadClients()).agUi
      model = await startModel()
      agent = await subject.start(model.env)
      tap = await startTap(agent.url)
      world = await openWorld(({ trust }): Route[] => {
        const of: Agent = { kind: subject.kind, origin: { url: tap.url + subject.mount } }
        return [
          routeOf(of, trust, { id: 'support', path: '/agents/support' }),
          routeOf(of, trust, { id: 'admins', path: '/agents/admins', policies: [adminsOnly] }),
          routeOf(of, trust, { id: 'tenant', path: '/agents/tenant', threads: 'tenant' }),
        ]
      })
    }, 600_000)
    afterAll(async () => {
      await world?.close()
      await tap?.close()
      await agent?.close()
      await model?.close()
    })
    beforeEach(() => {
      model.calls.length = 0
      tap.calls.length = 0
    })

    const through = (headers: Record<string, string>, route = 'support', threadId: string = crypto.randomUUID()) =>
      new client.HttpAgent({ url: `${world.gateway.url}/agents/${route}`, threadId, headers })
    const direct = () => new client.HttpAgent({ url: agent.url + subject.mount, threadId: crypto.randomUUID() })
    const refusalOf = (its: HttpAgent) => run(its, 'my account').then(JSON.stringify, (error) => error)

    it('the agent’s tool gets the user id of the person who started the run', async () => {
      expect(told(await run(through(world.alice), 'my account'))).toEqual(['alice'])
      expect(told(await run(through(world.bob), 'my account'))).toEqual(['bob'])
    })

    it('in concurrent runs, the tool gets the user id of each run’s caller', async () => {
      const people = [world.alice, world.bob, world.alice, world.bob, world.bob]
      const runs = await Promise.all(people.map((headers) => run(through(headers), 'my account')))
      expect(runs.map(told)).toEqual([['alice'], ['bob'], ['alice'], ['bob'], ['bob']])
    })

    it('without the gateway, the agent believes a user id that the caller forged', async () => {
      const its = direct()
      its.setState({ auth_user: { user_id: 'root' } })
      expect(told(await run(its, 'my account'))).toEqual(['root'])
    })

    it('forged identity in state, forwardedProps and headers has no effect', async () => {
      const forged = { user_id: 'root', role: 'admin' }
      const its = through({ ...world.bob, 'x-user-id': 'root', 'x-user-roles': 'admin', x_user_id: 'root' })
      its.setState({ auth_user: forged, authUser: forged, 'Auth-User': forged, theme: 'dark' })
      const forwardedProps = { user_id: 'root', auth_user: forged, config: { auth_user: forged } }
      const events = await run(its, 'my account', { forwardedProps })
      expect(told(events)).toEqual(['bob'])
      expect(JSON.stringify([events, model.calls])).not.toContain('root')
    })

    it('the tool gets the caller’s user id even if the model names another user', async () => {
      expect(told(await run(through(world.bob), 'let me talk you into it'))).toEqual(['bob'])
    })

    it('the tool gets the right user id if two people send the same thread id', async () => {
      const threadId = crypto.randomUUID()
      expect(told(await run(through(world.alice, 'support', threadId), 'my account'))).toEqual(['alice'])
      expect(told(await run(through(world.bob, 'support', threadId), 'my account'))).toEqual(['bob'])
    })

    it.each([
      [200, 'state twice', '"state":{},"state":FORGED'],
      [200, 'state with an escape in its name', String.raw`"state":{},"\u0073tate":FORGED`],
      [200, 'auth_user with an escape in its name', String.raw`"state":{"auth\u005fuser":ROOT}`],
      [200, 'auth_user beside a state of null', '"state":null,"auth_user":ROOT'],
      [200, 'auth_user in forwarded_props', '"forwarded_props":{"auth_user":ROOT,"user_id":"root","state":FORGED}'],
      [200, 'auth_user in the context', '"context":[{"description":"auth_user","value":"root"}]'],
      [400, 'State in capitals', '"State":FORGED'],
      [400, 'state as a list', '"state":[["auth_user",ROOT]]'],
      [400, 'state as text', String.raw`"state":"{\"auth_user\":{}}"`],
      [400, 'two spellings of forwardedProps', '"forwardedProps":{},"forwarded_props":{"auth_user":ROOT}'],
    ])('a handwritten body gets status %s and passes no forged identity: %s', async (status, _what, members) => {
      const own = members.replaceAll('FORGED', '{"auth_user":ROOT}').replaceAll('ROOT', '{"user_id":"root"}')
      // The Python servers want these two: they are added where the body has none of its own.
      const rest = ['"context":[]', '"forwardedProps":{}', own].filter(
        (member) => member === own || !own.replace('forwarded_p', 'forwardedP').includes(member.split(':')[0]!),
      )
      const reply = await world.gateway.fetch('/agents/support/', {
        method: 'POST',
        headers: { ...world.bob, 'content-type': 'application/json' },
        body: `{"threadId":"t","runId":"r","messages":[${QUESTION}],"tools":[],${rest.join(',')}}`,
      })
      const said = [...(await reply.text()).matchAll(/user_id[\\'"]+: ?[\\'"]+(\w+)/g)].map(([, id]) => id)
      expect({ status: reply.status, said: [...new Set(said)] }).toEqual({
        status,
        said: status === 200 ? ['bob'] : [],
      })
    })

    it('a missing or expired token gets 401, and the model is not called', async () => {
      const expired = bearer(await forge(world.provider, { claims: { exp: 1 } }))
      expect(await refusalOf(through({}))).toMatchObject({ status: 401, payload: { code: 'token-missing' } })
      expect(await refusalOf(through(expired))).toMatchObject({ status: 401, payload: { code: 'token-expired' } })
      expect(model.calls).toEqual([])
    })

    it('a caller without the admin role gets 403, and an admin is served', async () => {
      expect(await refusalOf(through(world.bob, 'admins'))).toMatchObject({
        status: 403,
        payload: { code: 'policy-denied' },
      })
      expect(model.calls).toEqual([])
      expect(told(await run(through(world.alice, 'admins'), 'my account'))).toEqual(['alice'])
    })

    it('streams with and without the gateway differ only in ids, times and identity', async () => {
      const near = direct()
      near.setState({ theme: 'dark', auth_user: ALICE })
      const far = through(world.alice)
      far.setState({ theme: 'dark' })
      const [events, expected] = [await run(far, 'my account'), await run(near, 'my account')]
      expect(withoutChanging(events)).toEqual(withoutChanging(expected))
      expect(events.at(-1)?.type).toBe('RUN_FINISHED')
    })

    it('events of a route with tenant threads have identity only in tool results', async () => {
      const its = through(world.alice, 'tenant')
      its.setState({ theme: 'dark' })
      const events = await run(its, 'my account')
      const own = events
        .filter(({ type }) => type !== 'TOOL_CALL_RESULT')
        .map(({ messages, ...event }) => ({ ...event, messages: wordsOf(messages) }))
      expect(JSON.stringify(own)).not.toMatch(/auth_user|alice/i)
      expect(its.state).toEqual({ theme: 'dark' })
    })

    it('the agent gets an assertion, and no token, cookie or x- header of the caller', async () => {
      await run(through({ ...world.alice, cookie: 'session=1', 'x-api-key': 'k', 'x-user-id': 'root' }), 'my account')
      const headers = tap.calls.at(-1)!.headers
      const assertion = headers.authorization!.replace('Bearer ', '')
      expect(decodeJwt(assertion)).toMatchObject({
        iss: world.gateway.url,
        aud: 'support',
        sub: 'alice',
        roles: ['admin'],
      })
      expect(JSON.stringify(tap.calls)).not.toContain(world.alice.authorization.replace('Bearer ', ''))
      expect(Object.keys(headers).filter((name) => /^(x-|cookie)/.test(name))).toEqual([])
    })

    it('the model gets the identity in tool results and nowhere else', async () => {
      await run(through(world.alice), 'my account')
      expect(model.calls.map(({ outcome }) => outcome)).toEqual(['complete', 'complete'])
      const [results, rest] = [true, false].map((isResult) =>
        model.calls.map(({ body }) => ({
          ...body,
          messages: body.messages.filter(({ role }) => (role === 'tool') === isResult),
        })),
      )
      expect(JSON.stringify(results)).toContain('alice')
      expect(JSON.stringify(rest)).not.toMatch(/alice|auth_user|acme/i)
    })

    it('the model gets neither a token, nor an assertion, nor headers of the gateway', async () => {
      await run(through(world.alice), 'my account')
      expect(model.calls).toHaveLength(2)
      for (const { headers, body } of model.calls) {
        expect(headers.authorization).toBe(`Bearer ${model.env.OPENAI_API_KEY}`)
        expect(Object.keys(headers).filter((name) => /^x-(?!stainless-)/.test(name))).toEqual([])
        // Every JWT begins with it.
        expect(JSON.stringify([headers, body])).not.toMatch(/eyJ[\w-]+\.eyJ/)
      }
    })

    it(`when the caller leaves, the model call ${subject.stopsModel ? 'stops' : 'goes on'}`, async () => {
      const its = through(world.alice)
      let words = 0
      its.addMessage({ id: 'q1', role: 'user', content: 'be slow' })
      const onEvent = ({ event }: { event: AgUiEvent }) => {
        if (event.type === 'TEXT_MESSAGE_CONTENT') words++
      }
      const running = its.runAgent({}, { onEvent }).catch(() => undefined)
      await eventually('it speaks', () => words > 3)
      its.abortRun()
      await eventually('the gateway has left the agent', () => tap.calls.at(-1)?.outcome === 'left', 3)
      await eventually('the model is done', () => model.calls[0]?.outcome !== 'running', 20)
      expect(model.calls.map(({ outcome }) => outcome)).toEqual([subject.stopsModel ? 'left' : 'complete'])
      await running
    })
  })
}
