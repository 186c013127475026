import { calculateJwkThumbprint, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'

export type Algorithm = 'RS256' | 'ES256' | 'EdDSA'
const algorithms = ['RS256', 'ES256', 'EdDSA'] as const

interface Key {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
  readonly pem: string
}

export interface TokenOptions {
  readonly algorithm?: Algorithm
  readonly subject?: string
  readonly audience?: string
  readonly lifetimeSeconds?: number
  readonly issuer?: string
  /** Signs with a key that no issuer has, but names the key id of a trusted issuer. */
  readonly forged?: boolean
}

export const AUDIENCE = 'agents'
export const USER = 'alice'

/**
 * The identity provider of the bench: its keys, and tokens that are signed before they are needed.
 */
export class Tokens {
  readonly #pools = new Map<string, string[]>()

  readonly issuer: string
  readonly keys: Readonly<Record<Algorithm, Key>>
  readonly #stranger: Key

  private constructor(issuer: string, keys: Readonly<Record<Algorithm, Key>>, stranger: Key) {
    this.issuer = issuer
    this.keys = keys
    this.#stranger = stranger
  }

  static async create(issuer: string): Promise<Tokens> {
    const [RS256, ES256, EdDSA, stranger] = await Promise.all([...algorithms, 'RS256' as const].map(makeKey))
    if (!RS256 || !ES256 || !EdDSA || !stranger) throw new Error('a key was not made')
    return new Tokens(issuer, { RS256, ES256, EdDSA }, stranger)
  }

  get publicKeys(): JWK[] {
    return algorithms.map((algorithm) => this.keys[algorithm].publicJwk)
  }

  async sign(options: TokenOptions = {}): Promise<string> {
    const { algorithm = 'RS256', subject = USER, audience = AUDIENCE, lifetimeSeconds = 7200, forged } = options
    const now = Math.floor(Date.now() / 1000)
    return new SignJWT({
      scope: 'chat',
      client_id: 'app',
      email: `${subject}@example.com`,
      name: 'Alice Example',
      roles: ['member'],
      tenant: 'acme',
    })
      .setProtectedHeader({ alg: algorithm, kid: this.keys[algorithm].kid, typ: 'at+jwt' })
      .setIssuer(options.issuer ?? this.issuer)
      .setAudience(audience)
      .setSubject(subject)
      .setJti(crypto.randomUUID())
      .setIssuedAt(now - 60)
      .setExpirationTime(now + lifetimeSeconds)
      .sign(forged ? this.#stranger.privateKey : this.keys[algorithm].privateKey)
  }

  /**
   * Returns tokens that all differ: of one person, or each of a different person. A pool that
   * exists already is only made longer.
   */
  async pool(size: number, algorithm: Algorithm, who: 'one' | 'many' = 'one'): Promise<readonly string[]> {
    const name = `${algorithm} ${who}`
    const pool = this.#pools.get(name) ?? []
    this.#pools.set(name, pool)
    while (pool.length < size) {
      const batch = Array.from({ length: Math.min(64, size - pool.length) }, (_, index) =>
        this.sign({ algorithm, subject: who === 'one' ? USER : `user-${pool.length + index}` }),
      )
      pool.push(...(await Promise.all(batch)))
    }
    return pool
  }
}

async function makeKey(algorithm: Algorithm): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return { kid, privateKey, publicJwk: { ...jwk, kid, use: 'sig', alg: algorithm }, pem: await exportSPKI(publicKey) }
}

/**
 * Makes public keys that sign nothing. With them, key sets are as long as those of large providers.
 */
export async function otherKeys(count: number): Promise<JWK[]> {
  const made = await Promise.all(Array.from({ length: count }, () => makeKey('RS256')))
  return made.map(({ publicJwk }) => publicJwk)
}
