import path from 'node:path'
import { root } from '../../support/build'
import { type AgUiClient, type HttpAgent, loadClients } from '../../support/clients'
import { routeOf } from '../../support/fixtures'
import { type PythonServer, startPython } from '../../support/python'
import { openWorld, type World } from '../../support/world'
import { type Model, startModel } from '../model'

/**
 * An example's agents mounted as a script of these tests does it, and a gateway with two routes for
 * each mount: `asking`, and `asking-shared` for shared threads.
 */
export interface ExampleStage {
  readonly model: Model
  readonly agent: PythonServer
  readonly world: World
  /** The official client on the way through the gateway, as bob unless said. */
  through(mount: string, headers?: Record<string, string>): HttpAgent
  /** The same around it. */
  around(mount: string): HttpAgent
  close(): Promise<void>
}

export async function openExample(kind: 'ag2' | 'maf', example: string, script: string): Promise<ExampleStage> {
  const client: AgUiClient = (await loadClients()).agUi
  const model = await startModel()
  const folder = `examples/${example}`
  const agent = await startPython({
    folder,
    args: (port) => [path.join(root, 'test/agents/ag-ui', script), String(port)],
    env: { ...model.env, PYTHONPATH: path.join(root, folder), PYTHONDONTWRITEBYTECODE: '1' },
    readyPath: '/docs',
  })
  const world = await openWorld(({ trust }) =>
    ['asgi', 'asking', 'counting', 'own', 'proving', 'schema'].flatMap((id) =>
      ([id, `${id}-shared`] as const).map((name) =>
        routeOf({ kind, origin: { url: `${agent.url}/${id}` } }, trust, {
          id: name,
          path: `/agents/${name}`,
          threads: name === id ? 'own' : 'shared',
        }),
      ),
    ),
  )
  const open = (url: string, headers: Record<string, string> = {}) =>
    new client.HttpAgent({ url, threadId: crypto.randomUUID(), headers })
  return {
    model,
    agent,
    world,
    through: (mount, headers = world.bob) => open(`${world.gateway.url}/agents/${mount}`, headers),
    around: (mount) => open(`${agent.url}/${mount}`),
    async close() {
      await world.close()
      await agent.close()
      await model.close()
    },
  }
}
