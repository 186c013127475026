import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../../support/build'
import { routeOf } from '../../support/fixtures'
import { ready } from '../../support/packages'
import { startPython } from '../../support/python'
import { json, openWorld, type World } from '../../support/world'
import type { Headers } from '../caller-view'
import { startModel } from '../model'
import { startTap, type Tap, type TappedCall } from '../tap'

/** Real agents, each behind a route of its own and a tap. */
export interface AgUiStage {
  readonly world: World
  /** The requests that reached the agents. */
  calls(): readonly TappedCall[]
  ask(route: string, body: unknown, person?: Headers): Promise<Response>
  close(): Promise<void>
}

export const input = (threadId: unknown, more: object = {}) => ({
  threadId,
  runId: 'run-1',
  messages: [{ id: 'q1', role: 'user', content: 'my account, count to 1' }],
  state: {},
  tools: [],
  context: [],
  forwardedProps: {},
  ...more,
})

export const say = (content: string, id = 'q1') => ({ messages: [{ id, role: 'user', content }] })

export const textOf = async (reply: Promise<Response>): Promise<string> => (await reply).text()

export interface Event {
  readonly type: string
  readonly [name: string]: unknown
}

export const eventsIn = (text: string): Event[] =>
  [...text.matchAll(/^data: ?([^\n\r]*)$/gm)].map(([, data]) => JSON.parse(data ?? '') as Event)

const scripts = { 'ag2-0x': 'ag2_0x_mounts.py', 'ag2-1x': 'ag2_1x_mounts.py', 'maf-python': 'maf_mounts.py' }
const routes = [
  { id: 'ag2-0x', kind: 'ag2', from: 'ag2-0x', mount: '/chat' },
  { id: 'ag2-1x', kind: 'ag2', from: 'ag2-1x', mount: '/chat/' },
  { id: 'asking', kind: 'ag2', from: 'ag2-1x', mount: '/asking/' },
  { id: 'maf', kind: 'maf', from: 'maf-python', mount: '/remembering' },
  { id: 'approving', kind: 'maf', from: 'maf-python', mount: '/approving' },
  { id: 'sample', kind: 'ag-ui', from: 'sample', mount: '' },
] as const

/** @param names the routes that are needed */
export async function openAgUi(...names: (typeof routes)[number]['id'][]): Promise<AgUiStage> {
  const wanted = routes.filter(({ id }) => names.includes(id))
  const closing: { close(): Promise<void> }[] = []
  const kept = <Server extends { close(): Promise<void> }>(server: Server): Server => {
    closing.push(server)
    return server
  }
  const model = kept(await startModel())
  const taps = new Map<string, Tap>()
  await Promise.all(
    [...new Set(wanted.map(({ from }) => from))].map(async (from) => {
      const agent = kept(await (from === 'sample' ? startSample() : startExample(from, model.env)))
      taps.set(from, kept(await startTap(agent.url)))
    }),
  )
  const world = kept(
    await openWorld(
      ({ trust }) =>
        wanted.map(({ id, kind, from, mount }) =>
          routeOf({ kind, origin: { url: `${taps.get(from)?.url}${mount.replace(/\/$/, '')}` } }, trust, {
            id,
            path: `/agents/${id}`,
          }),
        ),
      { away: true },
    ),
  )
  return {
    world,
    calls: () => [...taps.values()].flatMap(({ calls }) => calls),
    ask: (route, body, person = world.alice) => world.gateway.fetch(`/agents/${route}/`, json(body, person)),
    async close() {
      for (const server of closing.reverse()) await server.close()
    },
  }
}

const startExample = (name: keyof typeof scripts, env: Record<string, string>) =>
  startPython({
    folder: `examples/${name}`,
    args: (port) => [path.join(root, 'test/agents/ag-ui', scripts[name]), String(port)],
    env: { ...env, PYTHONPATH: path.join(root, 'examples', name), PYTHONDONTWRITEBYTECODE: '1' },
    readyPath: '/docs',
  })

async function startSample(): Promise<{ url: string; close(): Promise<void> }> {
  await ready('examples/ag-ui-agent')
  const { startAgent } = await import(pathToFileURL(path.join(root, 'examples/ag-ui-agent/agent.ts')).href)
  return startAgent()
}
