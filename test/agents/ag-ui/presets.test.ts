import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Agent } from '../../../src/config/define'
import { routeOf } from '../../support/fixtures'
import { json, openWorld, type World } from '../../support/world'

type Preset = NonNullable<Extract<Agent, { kind: 'ag-ui' }>['preset']>
const presets: readonly Preset[] = [
  'agno',
  'adk',
  'pydantic-ai',
  'crewai',
  'strands',
  'llamaindex',
  'mastra',
  'spring-ai',
]

let world: World
beforeAll(async () => {
  world = await openWorld(({ origin: { url }, issuer }) =>
    presets.map((preset) =>
      routeOf({ kind: 'ag-ui', origin: { url }, preset }, [issuer], {
        id: preset,
        path: `/${preset}`,
        assertion: { audience: 'agents-of-one-origin' },
      }),
    ),
  )
})
afterAll(() => world.close())

const forged = {
  threadId: 't1',
  runId: 'r1',
  messages: [],
  state: {
    auth_user: { user_id: 'root' },
    user_id: 'root',
    'User-Id': 'root',
    headers: { user_id: 'root' },
    _ag_ui_x: 1,
  },
  forwardedProps: { user_id: 'root', userId: 'root', theme: 'dark' },
}

async function sent(preset: Preset) {
  await world.as('bob', `/${preset}`, json(forged))
  const { body, headers } = world.origin.received.at(-1) as { body: string; headers: Record<string, string> }
  return { headers, body: JSON.parse(body) as { state: Record<string, unknown>; forwardedProps: object } }
}

it('the gateway sets forwardedProps.user_id for Agno and removes a forged user (X7)', async () => {
  expect((await sent('agno')).body.forwardedProps).toEqual({ theme: 'dark', user_id: 'bob' })
})

it('ADK gets user_id in the state and no internal members from the caller (X7)', async () => {
  expect((await sent('adk')).body.state).toEqual({ user_id: 'bob' })
})

it.each(['pydantic-ai', 'crewai', 'strands'] as const)(
  'with the preset %s, the gateway writes the identity of the caller into state.auth_user (X7)',
  async (preset) => {
    expect((await sent(preset)).body.state.auth_user).toMatchObject({ user_id: 'bob' })
  },
)

it('LlamaIndex gets identity only in the signed assertion, not in the state', async () => {
  const { body, headers } = await sent('llamaindex')
  expect(body.state).not.toHaveProperty('auth_user')
  expect(headers['x-sallyport-assertion']).toMatch(/^ey/)
  expect(JSON.stringify(body)).not.toContain('bob')
})

it.each(['mastra', 'spring-ai'] as const)(
  'with the preset %s, the gateway sends the assertion as a bearer token',
  async (preset) => {
    const { headers } = await sent(preset)
    expect(headers.authorization).toMatch(/^Bearer ey/)
    expect(headers).not.toHaveProperty('x-sallyport-assertion')
  },
)
