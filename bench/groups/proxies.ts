import { measureGateways } from '../gateways.ts'
import type { Options } from '../options.ts'
import type { Running } from '../process.ts'
import { startApache } from '../proxies/apache.ts'
import { startEnvoy } from '../proxies/envoy.ts'
import { startHaproxy } from '../proxies/haproxy.ts'
import { startNginx } from '../proxies/nginx.ts'
import type { Section } from '../table.ts'
import type { World } from '../world.ts'

const proxies = { HAProxy: startHaproxy, nginx: startNginx, Apache: startApache, Envoy: startEnvoy }

const NOT_MEASURED =
  'Not measured, because no package registry used here has them ready to run: oauth2-proxy, KrakenD, agentgateway.'

/**
 * Compares Sallyport with proxies that do not run in workerd, such as nginx. It installs them, so
 * it runs only on request.
 */
export const measureProxies = (world: World, options: Options): Promise<Section> =>
  measureGateways({ id: 'proxies', title: 'Beside native proxies', notes: [NOT_MEASURED], start }, world, options)

/**
 * Starts the proxies. A proxy that cannot be installed or started is left out, and a note says so.
 */
async function start(world: World, running: Running[]) {
  const notes: string[] = []
  for (const [name, startProxy] of Object.entries(proxies)) {
    process.stderr.write(`  starting ${name}\n`)
    try {
      running.push(await startProxy(world))
    } catch (thrown) {
      notes.push(`${name} was left out: ${(thrown as Error).message.split('\n').join(' ')}`)
      process.stderr.write(`  ${notes.at(-1)}\n`)
    }
  }
  return { notes }
}
