import { readFile } from 'node:fs/promises'
import { Miniflare } from 'miniflare'
import type { Route } from '../../src/config/define'
import { root, workerFile } from './build'
import { compatibility } from './compatibility'
import { freePort } from './port'

/**
 * The test Worker several times over in one workerd: isolates with nothing in common but the Cache
 * API.
 */
export async function startIsolates(count: number, routes: readonly Route[]) {
  const contents = await readFile(workerFile, 'utf8')
  const ports = await Promise.all(Array.from({ length: count }, freePort))
  const text = (value: string) => ({ type: 'text', value })
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    handleStructuredLogs: () => undefined,
    workers: ports.map((port, index) => ({
      config: {
        name: `isolate-${index}`,
        ...compatibility,
        manifest: {
          mainModule: 'worker.js',
          modulesRoot: root,
          modules: { 'worker.js': { type: 'esm', contents } },
        },
        env: {
          PUBLIC_URL: text(`http://127.0.0.1:${port}`),
          ENVIRONMENT: text('development'),
          TEST_ROUTES: text(JSON.stringify(routes)),
        },
      },
      dev: { rootPath: root, unsafeDirectSockets: [{ host: '127.0.0.1', port }] },
    })),
  } as ConstructorParameters<typeof Miniflare>[0])
  await miniflare.ready
  return { urls: ports.map((port) => `http://127.0.0.1:${port}`), close: () => miniflare.dispose() }
}
