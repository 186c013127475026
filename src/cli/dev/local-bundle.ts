import { fileURLToPath } from 'node:url'
import type { Plugin } from 'esbuild'
import type { Route } from '../../config/define'
import type { Configuration } from '../../config/load'
import type { Local } from './local'

/**
 * Returns the ids of routes that local people (test users on this machine) may use: those whose
 * agent runs on this machine, or whose agent's address was set for this machine. Any other agent
 * may be in production, and local people must not be able to use it.
 *
 * @param loaded the same routes in their loaded form
 * @param given names of variables that .dev.vars, dev.json or the shell sets
 */
export function localRoutes(
  routes: readonly Route[],
  { routes: loaded }: Configuration,
  given: ReadonlySet<string>,
): readonly string[] {
  return [...loaded.values()]
    .filter(({ id, isPublic, origin: { host } }) => {
      const written = routes.find((route) => route.id === id)?.agent.origin
      const isGiven = written !== undefined && 'env' in written && given.has(written.env)
      const isBound = written !== undefined && ('service' in written || 'object' in written)
      return !isPublic && (isHere(host) || isGiven || isBound)
    })
    .map(({ id }) => id)
}

/** Tells whether a URL is an address of this machine. */
export const isHere = (host: string): boolean => ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(host).hostname)

/** A placeholder in the bundle for the bundle's own name, which is known only after bundling. */
export const BUILD = '__SALLYPORT_BUILD__'

/**
 * An esbuild plugin that makes the bundled Worker trust local people (test users on this machine),
 * by replacing its import of `sallyport/worker`. No variable, flag or file has this effect, so a
 * deployment can never trust them.
 */
export const localBundle = (local: Local, root: string): Plugin => ({
  name: 'local',
  setup(build) {
    build.onResolve({ filter: /^sallyport\/worker$/ }, ({ pluginData }) =>
      pluginData === 'real' ? undefined : { path: 'worker', namespace: 'local' },
    )
    build.onLoad({ filter: /.*/, namespace: 'local' }, async () => {
      const real = await build.resolve('sallyport/worker', {
        kind: 'import-statement',
        resolveDir: root,
        pluginData: 'real',
      })
      if (real.errors.length > 0) return { errors: real.errors }
      const own = fileURLToPath(new URL('./local.js', import.meta.url))
      return {
        resolveDir: root,
        contents: `
import * as worker from ${JSON.stringify(real.path)}
import { asLocal, observed, recorded } from ${JSON.stringify(own)}
export * from ${JSON.stringify(real.path)}
const local = ${JSON.stringify(local)}
if (local.recorder) globalThis.fetch = recorded(globalThis.fetch.bind(globalThis), local.recorder)
export const createWorker = (routes) => observed(worker.createWorker(asLocal(routes, local)), '${BUILD}', console.log)
`,
      }
    })
  },
})
