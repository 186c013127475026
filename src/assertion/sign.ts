import { base64url } from 'jose'
import type { Principal } from '../authentication/principal'
import { Refusal } from '../errors/refusal'
import { jwsAlgorithms } from '../jws'
import type { Ports } from '../ports'
import { type AssertionRules, type Binding, bindingClaims, identityClaims } from './claims'
import type { AssertionType, SigningKey, SigningKeys } from './keys'

/** The most characters of an assertion. Servers commonly accept 8 KB for one header. */
const MAX_CHARS = 8_000

declare const signed: unique symbol

/** A compact JWS (signed token) that names the caller. Only `sign` makes one. */
export type Assertion = string & { readonly [signed]: true }

export interface Signer {
  /**
   * Signs the caller's identity for one route, and (unless the route says otherwise) for one
   * request.
   * @param as how the assertion is sent. As a `bearer` it has the type `JWT`, which existing
   *   validators expect
   * @param id the assertion's `jti`
   * @throws Refusal `signing-unavailable` or `assertion-too-large`; never returns an empty
   *   assertion
   */
  sign(
    principal: Principal,
    rules: AssertionRules,
    as: 'bearer' | 'header',
    binding: Binding,
    id: string,
  ): Promise<Assertion>
}

/** The claims about one caller on one route, and the assertion if it can be used again. */
interface Signed {
  /** The claims that identify the caller, as JSON. */
  readonly identity: string
  /** Present if the route allows one assertion for many requests. */
  reusable?: {
    readonly assertion: Assertion
    readonly typ: AssertionType
    /** Seconds since the epoch. */
    readonly until: number
  }
}

/** @param issuer the gateway's public URL, the `iss` of everything it signs */
export function createSigner(issuer: string, signingKeys: () => Promise<SigningKeys>, ports: Ports): Signer {
  // Entries are found by the objects `Principal` and `AssertionRules`. Each verified token has its
  // own `Principal`, and each route its own rules. So two callers, two routes, or two tokens of one
  // person with different rights never share an entry.
  const known = new WeakMap<Principal, Map<AssertionRules, Signed>>()
  const signedFor = (principal: Principal, rules: AssertionRules): Signed => {
    const byRules = known.get(principal) ?? new Map<AssertionRules, Signed>()
    known.set(principal, byRules)
    const signed = byRules.get(rules) ?? { identity: JSON.stringify(identityClaims(principal, rules)) }
    byRules.set(rules, signed)
    return signed
  }

  return {
    async sign(principal, rules, as, binding, id) {
      const typ = as === 'bearer' ? 'JWT' : 'sallyport+jwt'
      const now = Math.floor(ports.now() / 1000)
      const signed = signedFor(principal, rules)
      const reusable = rules.bind === 'none' ? signed.reusable : undefined
      if (reusable?.typ === typ && now < reusable.until) return reusable.assertion

      const { keys } = await signingKeys()
      const key = keys.find(({ algorithm }) => algorithm === rules.algorithm)
      if (!key) throw new Refusal('signing-unavailable', `no ${rules.algorithm} key`)
      const binds = rules.bind === 'request' ? await bindingClaims(binding) : {}
      // An assertion expires no later than the caller's token. But it is valid for at least one
      // second, which this request needs.
      const expires = Math.max(Math.min(now + rules.lifetimeSeconds, principal.expiresAt), now + 1)
      const rest = JSON.stringify({ ...binds, iss: issuer, iat: now, nbf: now, exp: expires, jti: id })
      // Joins two JSON objects as text. Both objects have members, and `reservedClaims` makes sure
      // that no member is in both.
      const claims = `${signed.identity.slice(0, -1)},${rest.slice(1)}`
      const assertion = await compactJws(key, typ, claims).catch(() => {
        throw new Refusal('signing-unavailable', 'signing failed')
      })
      if (assertion.length > MAX_CHARS) throw new Refusal('assertion-too-large', `${assertion.length} characters`)
      if (rules.bind === 'none') {
        signed.reusable = { assertion: assertion as Assertion, typ, until: now + (expires - now) / 2 }
      }
      return assertion as Assertion
    },
  }
}

const encoder = new TextEncoder()

/**
 * Makes a compact JWS (RFC 7515 section 5.1). It does not use a general JWS library, because it
 * runs on each request, and a library would cost as much time as the signature itself.
 */
async function compactJws(
  { key, algorithm, headers }: SigningKey,
  typ: AssertionType,
  claims: string,
): Promise<string> {
  const input = `${headers[typ]}.${base64url.encode(claims)}`
  const signature = await crypto.subtle.sign(jwsAlgorithms[algorithm].webCrypto, key, encoder.encode(input))
  return `${input}.${base64url.encode(new Uint8Array(signature))}`
}
