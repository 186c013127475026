import { vi } from 'vitest'
import { routeOf } from '../../support/fixtures'
import { startNodeServer } from '../../support/node-server'
import { openWorld, type World } from '../../support/world'
import type { Headers } from '../caller-view'
import { startTap, type Tap } from '../tap'
import { startJavaScriptAgent, startPythonAgent } from './servers'

export const SERVERS = ['python', 'javascript'] as const
type Server = (typeof SERVERS)[number]

/** Agents of both SDKs, and an address that they can be told to call. */
export interface A2aStage {
  readonly world: World
  readonly taps: Readonly<Record<Server, Tap>>
  readonly hook: string
  /** The requests that were sent there. */
  readonly hooked: string[]
  close(): Promise<void>
}

export async function openA2a(): Promise<A2aStage> {
  // The SDK for JavaScript prints every task that it does not find.
  for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined)
  const start = { python: startPythonAgent, javascript: startJavaScriptAgent }
  const taps = {} as Record<Server, Tap>
  const closing: { close(): Promise<void> }[] = []
  for (const name of SERVERS) {
    const agent = await start[name]()
    taps[name] = await startTap(agent.url)
    closing.push(agent, taps[name])
  }
  const hooked: string[] = []
  const hook = await startNodeServer(async (request, response) => {
    let text = ''
    for await (const part of request) text += part
    hooked.push(text)
    response.end()
  })
  closing.push(hook)
  const operations = ['message.*', 'task.read', 'task.cancel', 'task.subscribe', 'push.*']
  const world = await openWorld(
    ({ trust }) =>
      SERVERS.map((name) =>
        routeOf({ kind: 'a2a', origin: { url: taps[name].url }, operations }, trust, {
          id: name,
          path: `/agents/${name}`,
        }),
      ),
    { away: true },
  )
  closing.push(world)
  return {
    world,
    taps,
    hook: hook.url,
    hooked,
    async close() {
      for (const server of closing.reverse()) await server.close()
    },
  }
}

export const MARKED = /^[0-9a-f-]{36}\.[\w-]{43}$/
/** An id in the right form that no one was ever given. */
export const madeUp = () => `${crypto.randomUUID()}.${'A'.repeat(43)}`

export interface Task {
  readonly id: string
  readonly contextId: string
}

/** The task in an answer of whatever binding. */
export function taskIn(text: string): Task {
  const { result, ...rest } = JSON.parse(text)
  const found = result?.task ?? result ?? rest.task ?? rest
  return found as Task
}

/** The id as the agent knows it. */
export const inside = (id: string): string => id.slice(0, -44)

/** People who may not have an id, and the names by which they try it. */
export const foreign = ({ alice, bob, namesake }: World, id: string): [Headers, string][] => [
  [bob, id],
  [namesake, id],
  [bob, inside(id)],
  [alice, inside(id)],
  [alice, `${inside(id)}.${'A'.repeat(43)}`],
]
