import type { Route } from '../config/define'
import type { Configuration } from '../config/load'

/**
 * Returns the current configuration with every default filled in. The result has only the names of
 * secrets.
 */
export function effectiveConfiguration({ publicUrl, routes }: Configuration, written: readonly Route[]) {
  return {
    publicUrl,
    routes: written.flatMap(({ path, agent, tokenInBody, servesPages, exposeHeaders, resumesAs }) => {
      const route = routes.get(path)
      if (!route) return []
      return {
        id: route.id,
        path: route.path,
        public: route.isPublic,
        agent: {
          kind: agent.kind,
          origin: agent.origin,
          url: route.origin.host + route.origin.root,
          credential: route.credential ?? null,
          ...('preset' in agent && agent.preset && { preset: agent.preset }),
          ...('style' in agent && agent.style && { style: agent.style }),
          ...(agent.kind === 'mcp' && agent.eventStore && { eventStore: agent.eventStore }),
        },
        audience: route.assertion.audience,
        trust: [...route.trust.issuers, ...route.trust.apiKeys.map(({ namespace: _, ...keys }) => keys)],
        policies: route.policies,
        operations: [
          ...route.endpoints
            .filter(({ named }) => !named)
            .map(({ operation, method, path: below }) => ({ operation, method, path: below })),
          ...route.bodyOperations.map((operation) => ({ operation })),
        ],
        threads: route.threads,
        ...(resumesAs && { resumesAs }),
        ...(tokenInBody && { tokenInBody }),
        ...(servesPages && { servesPages }),
        ...(route.claimsUnowned && { unowned: 'claim-by-first' as const }),
        identity: route.identity,
        assertion: route.assertion,
        cors: { origins: route.cors.origins.listed },
        forwardHeaders: route.forwardHeaders,
        ...(exposeHeaders && { exposeHeaders }),
        limits: route.limits,
      }
    }),
  }
}
