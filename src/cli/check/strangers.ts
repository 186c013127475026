import { principalOf } from '../../authentication/jwt/principal'
import type { TrustedIssuer } from '../../authentication/jwt/trusted-issuer'
import type { Claims } from '../../claims'
import type { Fault } from '../../config/fault'
import type { LoadedRoute } from '../../config/loaded-route'
import { decide } from '../../policy/decision'
import { offeredBy } from './policies'

interface Stranger {
  /** The caller in words, for the fault. */
  readonly name: string
  /** The claims that only the stranger's token has. */
  readonly claims: Claims
  /** The text to add to the condition of the rule. */
  readonly remedy: string
}

/**
 * Issuers that give every customer a token for any audience, each with a token of somebody who has
 * nothing to do with the project. For these issuers, the audience proves nothing about the caller.
 */
const STRANGERS: Readonly<Record<string, Stranger>> = {
  // docs.github.com/en/actions/reference/security/oidc, 2026-11: `core.getIDToken(audience)`.
  'https://token.actions.githubusercontent.com': {
    name: 'a workflow of any GitHub repository',
    claims: {
      sub: 'repo:stranger/stranger:ref:refs/heads/main',
      repository: 'stranger/stranger',
      repository_id: '1',
      repository_owner: 'stranger',
      repository_owner_id: '1',
      actor: 'stranger',
      ref: 'refs/heads/main',
      ref_type: 'branch',
      environment: 'production',
      event_name: 'push',
      job_workflow_ref: 'stranger/stranger/.github/workflows/main.yml@refs/heads/main',
      workflow_ref: 'stranger/stranger/.github/workflows/main.yml@refs/heads/main',
      runner_environment: 'github-hosted',
    },
    remedy: "claim: { name: 'repository', equals: 'OWNER/NAME' }",
  },
  // docs.gitlab.com/ci/secrets/id_token_authentication, 2026-11: a job sets `id_tokens` and `aud`.
  'https://gitlab.com': {
    name: 'a job of any project on gitlab.com',
    claims: {
      sub: 'project_path:stranger/stranger:ref_type:branch:ref:main',
      project_path: 'stranger/stranger',
      project_id: '1',
      namespace_path: 'stranger',
      namespace_id: '1',
      user_login: 'stranger',
      ref: 'main',
      ref_type: 'branch',
      ref_protected: 'true',
      environment: 'production',
      pipeline_source: 'push',
    },
    remedy: "claim: { name: 'project_path', equals: 'GROUP/PROJECT' }",
  },
  // cloud.google.com/iam/docs/reference/credentials/rest, 2026-11: `generateIdToken` takes any
  // audience. People get a token only from an app that has the client id.
  'https://accounts.google.com': {
    name: 'a service account of any Google Cloud project',
    claims: {
      sub: '100000000000000000001',
      azp: '100000000000000000001',
      email: 'stranger@stranger.iam.gserviceaccount.com',
      email_verified: true,
    },
    remedy: "caller: 'user', or claim: { name: 'email', equals: 'NAME@PROJECT.iam.gserviceaccount.com' }",
  },
}

/**
 * Finds rules that allow an operation to a stranger: somebody who has nothing to do with the
 * project, but whose issuer gives everyone a token for any audience. The claims of the strangers
 * are examples. So a condition that other strangers meet may be missed.
 */
export const rulesForStrangers = (routes: readonly LoadedRoute[]): Fault[] =>
  routes.flatMap((route) =>
    route.trust.issuers.flatMap((issuer) => {
      const stranger = Object.hasOwn(STRANGERS, issuer.issuer) ? STRANGERS[issuer.issuer] : undefined
      return stranger ? faultOf(route, issuer, stranger) : []
    }),
  )

function faultOf(route: LoadedRoute, issuer: TrustedIssuer, { name, claims, remedy }: Stranger): Fault[] {
  const caller = principalOf(issuer, { iss: issuer.issuer, ...claims })
  const rules = route.policies.flatMap(({ id, allow }) => allow.map((rule, index) => ({ id, rule, index })))
  for (const operation of offeredBy(route)) {
    const decision = decide(route.policies, caller, operation)
    if (decision.effect === 'deny') continue
    return rules
      .filter(({ id, rule }) => decision.by[0] === `${id}/${rule.name}`)
      .map(({ id, rule, index }) => ({
        file: `policies/${id}.ts`,
        path: `allow[${index}].when`,
        found: `${rule.when ? 'a condition that strangers meet' : 'no condition'}: ${name} may use ${operation} on the route ${route.id}`,
        expected: `a condition on who the caller is, because ${issuer.id} gives everyone a token for any audience`,
        remedy: `Add ${remedy}.`,
      }))
  }
  return []
}
