import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { loadAgentPackages } from '../../support/agent-packages'
import { root } from '../../support/build'
import { startRuntime } from '../../support/copilotkit-runtime'
import { routeOf } from '../../support/fixtures'
import { ready } from '../../support/packages'
import { json, openWorld, type World } from '../../support/world'
import type { Headers } from '../caller-view'
import { startTap, type Tap } from '../tap'

export const STYLES = ['multi-route', 'single-route'] as const
export type Style = (typeof STYLES)[number]

/** A runtime of each style, whose one agent is the sample. */
export interface CopilotkitStage {
  readonly world: World
  /** Before each runtime. */
  readonly taps: Readonly<Record<Style, Tap>>
  /** Before the agent. */
  readonly toAgent: Tap
  close(): Promise<void>
}

export async function openCopilotkit(): Promise<CopilotkitStage> {
  await ready('examples/ag-ui-agent')
  const { startAgent } = await import(pathToFileURL(path.join(root, 'examples/ag-ui-agent/agent.ts')).href)
  const [{ HttpAgent }] = await loadAgentPackages('@ag-ui/client')
  const agent = await startAgent()
  const toAgent = await startTap(agent.url)
  const closing: { close(): Promise<void> }[] = [agent, toAgent]
  const taps = {} as Record<Style, Tap>
  for (const mode of STYLES) {
    const runtime = await startRuntime({ mode, agents: { default: new HttpAgent({ url: toAgent.url }) } })
    taps[mode] = await startTap(runtime.url)
    closing.push(runtime, taps[mode])
  }
  const world = await openWorld(
    ({ trust }) =>
      STYLES.map((style) =>
        routeOf({ kind: 'copilotkit', style, origin: { url: `${taps[style].url}/api/copilotkit` } }, trust, {
          id: style,
          path: `/agents/${style}`,
        }),
      ),
    { away: true },
  )
  closing.push(world)
  return {
    world,
    taps,
    toAgent,
    async close() {
      for (const server of closing.reverse()) await server.close()
    },
  }
}

/** The requests that a client of either style makes. */
export function clientOf(style: Style, { gateway }: World) {
  const isSingle = style === 'single-route'
  const post = (where: string, body: unknown, person: Headers) =>
    gateway.fetch(`/agents/${style}${where}`, json(body, person))
  const onAgent = (verb: string) => (body: unknown, person: Headers) =>
    isSingle
      ? post('/', { method: `agent/${verb}`, params: { agentId: 'default' }, body }, person)
      : post(`/agent/default/${verb}`, body, person)
  return {
    run: onAgent('run'),
    connect: onAgent('connect'),
    suggest: onAgent('suggest'),
    stop: (threadId: string, person: Headers, body: object = {}) =>
      isSingle
        ? post('/', { method: 'agent/stop', params: { agentId: 'default', threadId }, body }, person)
        : post(`/agent/default/stop/${encodeURIComponent(threadId)}`, body, person),
    resource: (httpMethod: string, where: string, person: Headers, body?: object) =>
      isSingle
        ? post('/', { method: 'resource/request', params: { path: where, httpMethod }, ...(body && { body }) }, person)
        : gateway.fetch(`/agents/${style}${where}`, {
            ...(body ? json(body, person) : { headers: person }),
            method: httpMethod,
          }),
  }
}
