import { base64url, type JWK } from 'jose'
import { readAtMost } from '../../bytes'
import type { Ports } from '../../ports'
import type { TrustedIssuer } from './trusted-issuer'

/** The time limit for one document, from the first byte sent to the last received. */
export const FETCH_MS = 3_000
const MAX_BYTES = 262_144
const MAX_KEYS = 100
const MIN_RSA_BITS = 2048
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/**
 * Values of `use` for signing keys: RFC 7517 section 4.2, and that of SPIFFE's bundles (SPIFFE
 * Trust Domain and Bundle section 4.2.2).
 */
const SIGNING_USES: ReadonlySet<unknown> = new Set(['sig', 'jwt-svid'])

/** A key set with the moment it was fetched, in milliseconds. */
export interface KeySetDocument {
  readonly keys: readonly JWK[]
  readonly fetchedAt: number
  /** The provider's `Cache-Control: max-age`, in milliseconds. */
  readonly maxAgeMs: number | undefined
}

/**
 * Fetches an issuer's public keys. It finds them through OpenID Connect Discovery, unless `jwksUri`
 * is configured.
 *
 * Redirects are not followed. The `issuer` of the discovery document must be exactly the configured
 * one (OpenID Connect Discovery section 4.3), and its `jwks_uri` must be on the issuer's own host.
 * If a provider has its keys on another host, its configuration needs `jwksUri`.
 *
 * @throws Error with a message that says what went wrong, without any content that was received
 */
export async function fetchKeySet(issuer: TrustedIssuer, ports: Ports): Promise<KeySetDocument> {
  const uri = issuer.jwksUri ?? (await discover(issuer, ports))
  // The time is noted before the request. A key that is published after that may be missing in the
  // answer.
  const fetchedAt = ports.now()
  const { body, maxAgeMs } = await fetchJson(uri, ports)
  const keys = usableKeys((body as { keys?: unknown } | null)?.keys)
  if (keys.length === 0) throw new Error('the key set has no usable key')
  return { keys, fetchedAt, maxAgeMs }
}

async function discover({ issuer }: TrustedIssuer, ports: Ports): Promise<string> {
  const { body } = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, ports)
  const document = body as { issuer?: unknown; jwks_uri?: unknown } | null
  if (document?.issuer !== issuer) throw new Error('the discovery document names another issuer')
  const uri = typeof document.jwks_uri === 'string' ? URL.parse(document.jwks_uri) : null
  if (!uri || uri.origin !== new URL(issuer).origin) {
    throw new Error('jwks_uri of the discovery document is on another host; pin jwksUri in the issuer')
  }
  return uri.href
}

async function fetchJson(url: string, ports: Ports): Promise<{ body: unknown; maxAgeMs: number | undefined }> {
  const controller = new AbortController()
  const cancelTimeout = ports.after(FETCH_MS, () => controller.abort(new Error('timed out')))
  try {
    const response = await ports.fetch(url, {
      redirect: 'manual',
      cache: 'no-store',
      headers: { accept: 'application/json' },
      signal: controller.signal,
    })
    if (response.status !== 200 || !response.body) {
      await response.body?.cancel()
      throw new Error(`status ${response.status}`)
    }
    const bytes = await readAtMost(response.body, MAX_BYTES)
    if (!bytes) throw new Error(`more than ${MAX_BYTES} bytes`)
    const maxAge = /(?:^|[\s,])max-age=(\d{1,9})/i.exec(response.headers.get('cache-control') ?? '')?.[1]
    return { body: parse(bytes), maxAgeMs: maxAge === undefined ? undefined : Number(maxAge) * 1000 }
  } finally {
    cancelTimeout()
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    throw new Error('not JSON')
  }
}

/**
 * Returns the keys that may verify a signature. One bad key must not make the good ones unusable.
 */
export function usableKeys(keys: unknown): JWK[] {
  if (!Array.isArray(keys)) return []
  const some: unknown[] = keys.slice(0, MAX_KEYS)
  const usable = some.filter(isUsable)
  // If any entry of the set contains a private or a symmetric key, that key has leaked: anyone
  // could sign with it.
  const leaked = keys.filter(isPrivate).map(numberOf)
  return leaked.length === 0 ? usable : usable.filter((key) => !leaked.includes(numberOf(key)))
}

/** Returns the number that identifies a public key, the same for every spelling of the key. */
function numberOf({ n, x }: JWK): string {
  try {
    return base64url
      .decode(String(n ?? x))
      .join()
      .replace(/^(?:0,)+/, '')
  } catch {
    return ''
  }
}

const isPrivate = (key: unknown): key is JWK =>
  typeof key === 'object' && key !== null && PRIVATE_MEMBERS.some((name) => name in key)

function isUsable(key: unknown): key is JWK {
  if (typeof key !== 'object' || key === null) return false
  const { kty, n, use } = key as Record<string, unknown>
  if (isPrivate(key) || (use !== undefined && !SIGNING_USES.has(use))) return false
  // Leading zeros (`A` in base64url) do not make a modulus longer.
  if (kty === 'RSA') return typeof n === 'string' && n.replace(/^A+/, '').length >= Math.ceil(MIN_RSA_BITS / 6)
  return kty === 'EC' || kty === 'OKP'
}
