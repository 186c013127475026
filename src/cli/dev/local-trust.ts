import type { Plugin } from 'esbuild'
import type { Issuer, Route } from '../../config/define'
import type { Configuration } from '../../config/load'

/** The provider of local people, as a route trusts it. Their user ids say that they are local. */
export const localIssuer = (url: string): Issuer => ({
  id: 'local-people',
  issuer: url,
  audience: ['agents'],
  algorithms: ['RS256'],
  claims: { roles: 'roles', tenant: 'tenant', email: 'email', name: 'name' },
  subjectPrefix: 'local:',
})

/**
 * The ids of routes that local people may use: those whose agent is on this machine, or was given for this machine. Another leads to
 * where production is, and must not be called in their name.
 *
 * @param loaded the same routes, as they are in force here
 * @param given names of variables that .dev.vars or the shell sets
 */
export function localRoutes(
  routes: readonly Route[],
  { routes: loaded }: Configuration,
  given: ReadonlySet<string>,
): readonly string[] {
  return [...loaded.values()]
    .filter(({ id, isPublic, origin: { host } }) => {
      const { hostname } = new URL(host)
      const written = routes.find((route) => route.id === id)?.agent.origin
      const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname) || hostname.endsWith('.service.internal')
      return !isPublic && (isHere || (written !== undefined && 'env' in written && given.has(written.env)))
    })
    .map(({ id }) => id)
}

/**
 * Lets a bundle trust local people beside the project's own providers. It changes what `sallyport/worker` is in this bundle alone:
 * no variable, flag or file can bring such trust into a deployment.
 */
export const trustLocalPeople = (issuer: Issuer, routes: readonly string[], root: string): Plugin => ({
  name: 'local-people',
  setup(build) {
    build.onResolve({ filter: /^sallyport\/worker$/ }, ({ pluginData }) =>
      pluginData === 'real' ? undefined : { path: 'worker', namespace: 'local-people' },
    )
    build.onLoad({ filter: /.*/, namespace: 'local-people' }, async () => {
      const real = await build.resolve('sallyport/worker', {
        kind: 'import-statement',
        resolveDir: root,
        pluginData: 'real',
      })
      if (real.errors.length > 0) return { errors: real.errors }
      return {
        resolveDir: root,
        contents: `
import * as worker from ${JSON.stringify(real.path)}
export * from ${JSON.stringify(real.path)}
const issuer = ${JSON.stringify(issuer)}
const ids = ${JSON.stringify(routes)}
const withLocalPeople = (route) => ids.includes(route.id) ? { ...route, trust: [...(route.trust ?? []), issuer] } : route
export const createWorker = (routes) => worker.createWorker(routes.map(withLocalPeople))
`,
      }
    })
  },
})
