import type { SigningKeys } from './keys'

/**
 * Verifiers may keep the keys this long; a new key is published for longer than that before it
 * signs.
 */
const KEYS_SECONDS = 600
const DISCOVERY_SECONDS = 3_600

/**
 * `/.well-known/jwks.json`: all public keys, those that sign and those that are to come or on their
 * way out.
 */
export function keySetResponse({ keys }: SigningKeys): Response {
  return cacheable({ keys: keys.map(({ publicJwk }) => publicJwk) }, keys.length > 0 ? KEYS_SECONDS : 0)
}

/**
 * `/.well-known/openid-configuration`: what validators such as Microsoft's JwtBearer need to trust
 * the gateway as an issuer (OpenID Connect Discovery section 3). The gateway signs identities and
 * logs nobody in, so it has no endpoints to name.
 */
export function discoveryResponse(issuer: string, { keys }: SigningKeys): Response {
  return cacheable(
    {
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: [...new Set(keys.map(({ algorithm }) => algorithm))],
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
    },
    keys.length > 0 ? DISCOVERY_SECONDS : 0,
  )
}

function cacheable(body: unknown, seconds: number): Response {
  return Response.json(body, {
    headers: {
      'cache-control': seconds > 0 ? `public, max-age=${seconds}` : 'no-store',
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
    },
  })
}
