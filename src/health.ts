import { signingAlgorithmNames } from './assertion/algorithms'
import type { SigningKeys } from './assertion/keys'
import { listReader, variable } from './config/env'
import type { Configuration } from './config/load'
import { REVOCATION_BOUND_SECONDS } from './limits/revocations'
import { threadSecretFault } from './threads/secret'

/** The reason why the gateway, or a part of it, cannot serve. It contains no secret. */
interface Unready {
  readonly reason: string
  readonly routes: readonly string[]
  readonly remedy: string
}

const KEY_REASONS = {
  missing: 'SIGNING_KEYS is not set',
  'not-json': 'SIGNING_KEYS is not JSON',
  'not-a-key-set': 'SIGNING_KEYS is not a JWK Set with at least one key',
  'not-private': 'a key of SIGNING_KEYS has no private part',
  weak: 'a key of SIGNING_KEYS is weaker than RSA 2048',
  unsupported: `a key of SIGNING_KEYS is damaged, or is none of ${signingAlgorithmNames.join(', ')}`,
  'duplicate-kid': 'two keys of SIGNING_KEYS have the same kid',
} as const

/**
 * Finds the parts of the gateway that cannot serve. It makes no requests, so it does not check
 * whether an identity provider or an agent is up. Replies and audit lines show that.
 */
export const unreadyParts = (config: Configuration, signingKeys: SigningKeys): readonly Unready[] => [
  ...missingKeys(config, signingKeys),
  ...missingThreadSecret(config),
  ...missingSecrets(config),
]

/**
 * Returns a log line for each part that cannot serve. The line names routes and secrets, so it is
 * for the operator only; the answer of `/.sallyport/health` does not contain these names.
 */
export const unreadyLines = (unready: readonly Unready[]): readonly string[] =>
  unready.map((part) => JSON.stringify({ event: 'not-ready', ...part }))

/**
 * Answers `/.sallyport/health`: 200 if every route can serve, 503 if at least one route cannot. If
 * there is a revocation list, the answer also says within how many seconds a revocation takes
 * effect.
 */
export function healthResponse(
  unready: readonly Unready[],
  { environment }: Pick<Configuration, 'environment'>,
): Response {
  const ready = unready.length === 0
  const bound = listReader(environment) && { revocationSeconds: REVOCATION_BOUND_SECONDS }
  return Response.json({ live: true, ready, ...bound }, { status: ready ? 200 : 503, headers: NO_STORE })
}

/** Answers `/.sallyport/health/live`: 200 as long as the Worker runs at all. */
export const livenessResponse = (): Response => Response.json({ live: true }, { headers: NO_STORE })

const NO_STORE = { 'cache-control': 'no-store' }

function missingKeys({ routes }: Configuration, { keys, fault }: SigningKeys): Unready[] {
  const unsigned = [...routes.values()].filter(
    ({ isPublic, identity, assertion }) =>
      !isPublic && identity.assertion !== 'off' && !keys.some(({ algorithm }) => algorithm === assertion.algorithm),
  )
  if (unsigned.length === 0) return []
  return [
    {
      reason: fault ? KEY_REASONS[fault] : 'SIGNING_KEYS has no key of an algorithm that these routes sign with',
      routes: unsigned.map(({ id }) => id),
      remedy: 'Make keys with `sallyport keys` and set them with `wrangler secret put SIGNING_KEYS`.',
    },
  ]
}

function missingThreadSecret({ routes, environment }: Configuration): Unready[] {
  const keeping = [...routes.values()].filter(({ threads }) => threads !== 'shared')
  const fault = threadSecretFault(variable(environment, 'THREAD_SECRET'))
  if (!fault || keeping.length === 0) return []
  return [
    {
      reason: `THREAD_SECRET ${fault}`,
      routes: keeping.map(({ id }) => id),
      remedy: 'Make one with `sallyport keys threads` and set it with `wrangler secret put THREAD_SECRET`.',
    },
  ]
}

function missingSecrets({ routes, environment }: Configuration): Unready[] {
  return [...routes.values()].flatMap(({ id, credential }) =>
    credential && variable(environment, credential.secret) === undefined
      ? [
          {
            reason: `${credential.secret} is not set`,
            routes: [id],
            remedy: `wrangler secret put ${credential.secret}`,
          },
        ]
      : [],
  )
}
