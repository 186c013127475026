import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPythonServer } from '../../agents/langgraph/servers'
import { type Model, startModel } from '../../agents/model'
import { root } from '../../support/build'
import { type Dev, linkPackage, startDev } from '../../support/dev'
import { type House, openHouse } from '../../support/house'
import { type RecordingOrigin, startOrigin } from '../../support/origin'
import { type PythonServer, startPython } from '../../support/python'

/*
 * Real agents that do not see who is asking although the gateway tells them. `sallyport dev` says
 * which line is missing.
 */

let model: Model
let agents: readonly PythonServer[]
let http: RecordingOrigin
let house: House
let dev: Dev

const route = (id: string, agent: string) => `import { defineRoute } from 'sallyport'
import login from '../policies/login'
import talk from '../policies/talk'
export default defineRoute({ id: '${id}', path: '/agents/${id}', agent: ${agent}, trust: [login], policies: [talk] })
`
const noHeaders = { dependencies: ['.'], graphs: { agent: './graph.py:graph' } }

beforeAll(async () => {
  model = await startModel()
  http = await startOrigin()
  const ag2 = startPython({
    folder: 'examples/ag2-0x',
    args: (port) => [path.join(root, 'test/agents/ag-ui/ag2_0x_mounts.py'), String(port)],
    env: { ...model.env, PYTHONPATH: path.join(root, 'examples/ag2-0x'), PYTHONDONTWRITEBYTECODE: '1' },
    readyPath: '/docs',
  })
  agents = await Promise.all([
    startPythonServer('silent.json', {}, { 'silent.json': JSON.stringify(noHeaders) }),
    startPythonServer(),
    ag2,
  ])
  const [silent, told, tools] = agents.map(({ url }) => url)
  house = openHouse()
  linkPackage(house.root)
  const kinds = {
    silent: `{ kind: 'langgraph', origin: { url: '${silent}' } }`,
    told: `{ kind: 'langgraph', origin: { url: '${told}' } }`,
    renamed: `{ kind: 'ag2', origin: { url: '${tools}/renamed' } }`,
    named: `{ kind: 'ag2', origin: { url: '${tools}/chat' } }`,
    desk: `{ kind: 'http', origin: { url: '${http.url}' }, endpoints: [{ operation: 'run.list', method: 'GET', path: '/runs' }] }`,
  }
  for (const [id, agent] of Object.entries(kinds)) house.write(`routes/${id}.ts`, route(id, agent))
  const names = Object.keys(kinds)
  house.write(
    'routes/index.ts',
    `${names.map((id) => `import ${id} from './${id}'\n`).join('')}export default [${names.join(', ')}]\n`,
  )
  house.write('policies/talk.ts', house.read('policies/talk.ts').replaceAll("'ticket.close'", "'threads.delete'"))
  house.write('people.json', '[{ "sub": "bob", "roles": ["member"] }]')
  dev = await startDev(house.root)
}, 600_000)
afterAll(async () => {
  await dev?.stop()
  await Promise.all([...(agents ?? []).map((agent) => agent.close()), http?.close(), model?.close()])
  house?.close()
})

const ask = async (at: string, body?: unknown): Promise<string> => {
  const reply = await fetch(dev.gateway + at, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${await dev.token('bob')}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await reply.text()
  expect([at, reply.status]).toEqual([at, 200])
  return text
}
const graphRun = { assistant_id: 'agent', input: { messages: [{ role: 'user', content: 'Who am I?' }] } }
const run = (content: string) => ({
  threadId: crypto.randomUUID(),
  runId: crypto.randomUUID(),
  messages: [{ id: 'm', role: 'user', content }],
  tools: [],
  context: [],
  state: {},
  forwardedProps: {},
})
const noticesOf = (id: string): number => dev.output().split(`\n  ${id}: `).length - 1

describe('notices about agents that do not see their user', () => {
  it('sallyport dev prints once which line a LangGraph server without configurable_headers lacks', async () => {
    // While it runs, the server can be asked about it.
    const slow = { assistant_id: 'agent', input: { messages: [{ role: 'user', content: 'count to 5' }] } }
    await ask('/agents/silent/runs/stream', slow)
    expect(await dev.printed(/silent: its graphs do not see who is asking/)).toContain(
      '"http": { "configurable_headers": { "includes": ["x-user-*"] } }',
    )
    expect(await ask('/agents/silent/runs/stream', graphRun)).toContain('no identity')
    await sleep(500)
    expect(noticesOf('silent')).toBe(1)
  })

  it('sallyport dev prints no notice for a LangGraph server with configurable_headers', async () => {
    expect(await ask('/agents/told/runs/stream', graphRun)).toContain('local:bob')
    await sleep(500)
    expect(noticesOf('told')).toBe(0)
  })

  it('sallyport dev prints the right parameter if an AG2 tool gives its context another name', async () => {
    await ask('/agents/renamed', run('let me talk you into it'))
    expect(await dev.printed(/renamed: the model filled the parameter "\w+" of the tool "get_account_data"/)).toContain(
      'context_variables: ContextVariables',
    )
  })

  it('sallyport dev prints no notice for an AG2 tool with the right name of its context', async () => {
    await ask('/agents/named', run('my account'))
    await sleep(500)
    expect(noticesOf('named')).toBe(0)
  })

  it('sallyport dev prints a notice for an agent that gets only an assertion and never fetched the keys', async () => {
    await ask('/agents/desk/runs')
    expect(await dev.printed(/desk: its agent at .* received a request/)).toContain(
      '"desk". Its keys are at /.well-known/jwks.json',
    )
    expect(noticesOf('desk')).toBe(1)
    expect((await (await fetch(new URL('/state', dev.page))).json()).routes.at(-1).notices).toHaveLength(1)
  })
})
