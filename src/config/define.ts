/**
 * This module has everything that files in routes/ and policies/ import. Each function only returns
 * its argument, so that the editor and the compiler know the type of the object. `load` (load.ts)
 * checks the values when the Worker starts, because types cannot check them.
 *
 * No function is generic, because TypeScript would accept unknown keys with `const T extends
 * Route`.
 */
import type * as v from 'valibot'
import type { AgentSchema } from './agent-schema'
import type { ApiKeys } from './api-keys-schema'
import type { IdentitySchema } from './identity-schema'
import type { Issuer } from './issuer-schema'
import type { PolicySchema } from './policy-schema'
import type { RouteSchema } from './route-schema'

export type Policy = v.InferInput<typeof PolicySchema>
export type Route = v.InferInput<typeof RouteSchema>
export type Agent = v.InferInput<typeof AgentSchema>
export type IdentityOptions = v.InferInput<typeof IdentitySchema>
export type { ClaimCondition, Scalar } from '../policy/claim-operators'
export type { ApiKeys } from './api-keys-schema'
export type { Issuer } from './issuer-schema'
export type { Condition } from './policy-schema'

/**
 * Defines one agent behind the gateway: its address, its callers, and where it finds the user's
 * identity.
 */
export const defineRoute = (route: Route): Route => route

/**
 * Defines one identity provider: what its tokens look like, and which claims contain roles and
 * similar facts.
 */
export const defineIssuer = (issuer: Issuer): Issuer => issuer

/**
 * Defines where API keys of people or machines are stored. A route lists them in `trust`, as it
 * lists an issuer.
 */
export const defineApiKeys = (keys: ApiKeys): ApiKeys => keys

/**
 * The agent of a route for operators, who revoke people, sessions, tokens, tenants, keys and
 * issuers, and close routes. This agent is the gateway's own list of revocations. Its operations
 * are `revocations.read`, `revocations.add`, `revocations.remove`, `routes.close` and
 * `routes.open`.
 */
export const operators: Agent = {
  kind: 'http',
  origin: { object: 'revocations' },
  endpoints: [
    { operation: 'revocations.read', method: 'GET', path: '/revocations' },
    { operation: 'revocations.add', method: 'POST', path: '/revocations' },
    { operation: 'revocations.remove', method: 'DELETE', path: '/revocations/:id' },
    { operation: 'routes.close', method: 'PUT', path: '/routes/:id/closed' },
    { operation: 'routes.open', method: 'DELETE', path: '/routes/:id/closed' },
  ],
}

/** Defines when an operation is permitted, with examples that `npm test` runs. */
export const definePolicy = (policy: Policy): Policy => policy
