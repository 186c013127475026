import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { TrustedIssuer } from '../authentication/jwt/trusted-issuer'
import type { ClaimPath } from '../claims'

/** A user who is signed in at an identity provider of the project. */
export interface TestPerson {
  /**
   * The id of the issuer, from its file in policies/. By default, the first issuer that the route
   * trusts.
   */
  readonly issuer?: string
  readonly sub: string
  readonly roles?: readonly string[]
  readonly scopes?: readonly string[]
  readonly tenant?: string
  readonly email?: string
  readonly name?: string
  /** Whether this is a client that acts for itself, without a user. */
  readonly isService?: boolean
  /** Additional claims, which override the fields above. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** Seconds until the token expires, 300 by default. A negative number makes an expired token. */
  readonly expiresIn?: number
}

interface Key {
  readonly sign: CryptoKey
  readonly publicJwk: JWK
}

/** Keys that replace the keys of identity providers in a test, one for each algorithm. */
export class TestKeys {
  readonly #keys = new Map<string, Promise<Key>>()

  of(algorithm: string): Promise<Key> {
    const made = this.#keys.get(algorithm) ?? makeKey(algorithm)
    this.#keys.set(algorithm, made)
    return made
  }

  /** Returns a key set with a key of each of these algorithms. */
  async set(algorithms: readonly string[]): Promise<{ keys: JWK[] }> {
    return { keys: await Promise.all(algorithms.map(async (name) => (await this.of(name)).publicJwk)) }
  }
}

async function makeKey(algorithm: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  return {
    sign: privateKey,
    publicJwk: { ...(await exportJWK(publicKey)), kid: `test-${algorithm}`, alg: algorithm, use: 'sig' },
  }
}

/**
 * Makes a token as this issuer would for a person. Each claim is put where the issuer's settings
 * expect it.
 */
export async function tokenFor(issuer: TrustedIssuer, person: TestPerson, keys: TestKeys): Promise<string> {
  const [alg = 'RS256'] = issuer.algorithms
  const now = Math.floor(Date.now() / 1000)
  const { sub, roles = [], scopes, tenant, email, name, isService, claims: more, expiresIn = 300 } = person
  const claims: Record<string, unknown> = { ...audienceOf(issuer) }
  for (const required of [...issuer.requiredClaims, ...(issuer.accessTokens.signs?.slice(0, 1) ?? [])])
    claims[required] = 'test'
  if (issuer.tokenType === 'at+jwt') Object.assign(claims, { jti: crypto.randomUUID(), client_id: 'test' })
  const put = (field: keyof TrustedIssuer['claims'], value: unknown) => {
    const [path] = issuer.claims[field]
    if (path !== undefined && value !== undefined) setAt(claims, path, value)
  }
  claims.sub = sub
  put('subject', sub)
  put('roles', issuer.rolesByTenant ? Object.fromEntries(roles.map((role) => [role, { [tenant ?? '']: '' }])) : roles)
  put('scopes', scopes?.join(' '))
  put('tenant', tenant)
  put('email', email)
  put('name', name)
  // RFC 9068 section 2.2: a client that acts for itself is its own subject.
  if (isService) put('client', sub)
  const typ = issuer.tokenType === 'id-token' ? 'JWT' : 'at+jwt'
  const { sign } = await keys.of(alg)
  return new SignJWT({
    iss: issuer.issuer,
    iat: now + Math.min(0, expiresIn - 1),
    exp: now + expiresIn,
    ...claims,
    ...more,
  })
    .setProtectedHeader({ alg, kid: `test-${alg}`, typ })
    .sign(sign)
}

function audienceOf({ audience, audienceFrom }: TrustedIssuer): Record<string, unknown> {
  if (!audienceFrom) return { aud: audience[0] }
  const marks = Object.entries(audienceFrom.where).map(([claim, value]) => [claim, value === true ? 'test' : value])
  return { ...Object.fromEntries(marks), [audienceFrom.claim]: audience[0] }
}

/**
 * Sets a claim. A path with dots is written as one exact name, which the gateway looks up first.
 */
function setAt(claims: Record<string, unknown>, path: ClaimPath, value: unknown): void {
  const names = typeof path === 'string' ? [path] : path
  let at = claims
  for (const name of names.slice(0, -1)) {
    const inner = (at[name] ?? {}) as Record<string, unknown>
    at[name] = inner
    at = inner
  }
  const last = names.at(-1)
  if (last !== undefined) at[last] = value
}
