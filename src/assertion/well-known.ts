import type { SigningKeys } from './keys'

/**
 * How long verifiers may cache the gateway's public keys. A new key is published for longer than
 * this before it is used to sign.
 */
const KEYS_SECONDS = 600
const DISCOVERY_SECONDS = 3_600

/**
 * Answers `/.well-known/jwks.json`: all public keys, including keys that do not sign yet or no
 * longer sign.
 */
export function keySetResponse({ keys }: SigningKeys): Response {
  return cacheable({ keys: keys.map(({ publicJwk }) => publicJwk) }, keys.length > 0 ? KEYS_SECONDS : 0)
}

/**
 * Answers `/.well-known/openid-configuration`, which validators such as Microsoft's JwtBearer need
 * to trust the gateway as an issuer (OpenID Connect Discovery section 3). The gateway signs
 * assertions but has no sign-in page, so the document names no endpoints for sign-in.
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
