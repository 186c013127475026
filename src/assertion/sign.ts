import { base64url } from 'jose'
import { Refusal } from '../errors/refusal'
import type { Ports } from '../ports'
import type { Principal } from '../token/principal'
import { type AssertionRules, type Binding, bindingClaims, identityClaims } from './claims'
import type { AssertionType, SigningKey, SigningKeys } from './keys'

/** Servers commonly take 8 KB for one header. */
const MAX_CHARS = 8_000

declare const signed: unique symbol

/** A compact JWS that says who is asking. Only `sign` makes one. */
export type Assertion = string & { readonly [signed]: true }

export interface Signer {
  /**
   * Signs who is asking, for one route, and (unless the route says otherwise) for one request.
   * @param as a bearer is typed `JWT`, for validators that exist
   * @param id the assertion's `jti`
   * @throws Refusal `signing-unavailable` or `assertion-too-large`; never an empty assertion
   */
  sign(
    principal: Principal,
    rules: AssertionRules,
    as: 'bearer' | 'header',
    binding: Binding,
    id: string,
  ): Promise<Assertion>
}

interface Reused {
  readonly assertion: Assertion
  readonly typ: AssertionType
  /** Seconds since the epoch. */
  readonly until: number
}

/** @param issuer the gateway's public URL, the `iss` of everything it signs */
export function createSigner(issuer: string, signingKeys: () => Promise<SigningKeys>, ports: Ports): Signer {
  /** By person and rights as one token says them, and by what they are signed for. */
  const reused = new WeakMap<Principal, Map<AssertionRules, Reused>>()

  return {
    async sign(principal, rules, as, binding, id) {
      const typ = as === 'bearer' ? 'JWT' : 'sallyport+jwt'
      const now = Math.floor(ports.now() / 1000)
      // A principal is one verified token, and a route's rules are one object: two people, two routes or two states of one
      // person's rights can never share an assertion.
      const kept = rules.bind === 'none' ? reused.get(principal)?.get(rules) : undefined
      if (kept?.typ === typ && now < kept.until) return kept.assertion

      const { keys } = await signingKeys()
      const key = keys.find(({ algorithm }) => algorithm === rules.algorithm)
      if (!key) throw new Refusal('signing-unavailable', `no ${rules.algorithm} key`)
      const binds = rules.bind === 'request' ? await bindingClaims(binding) : {}
      // An identity may not outlive the token that it was read from by more than this one request needs.
      const expires = Math.max(Math.min(now + rules.lifetimeSeconds, principal.expiresAt), now + 1)
      const identity = identityClaims(principal, rules)
      const claims = { ...identity, ...binds, iss: issuer, iat: now, nbf: now, exp: expires, jti: id }
      const assertion = await compactJws(key, typ, claims).catch(() => {
        throw new Refusal('signing-unavailable', 'signing failed')
      })
      if (assertion.length > MAX_CHARS) throw new Refusal('assertion-too-large', `${assertion.length} characters`)
      if (rules.bind === 'none') {
        const ofPrincipal = reused.get(principal) ?? new Map<AssertionRules, Reused>()
        const until = now + (expires - now) / 2
        reused.set(principal, ofPrincipal.set(rules, { assertion: assertion as Assertion, typ, until }))
      }
      return assertion as Assertion
    },
  }
}

const encoder = new TextEncoder()

const SIGNATURES = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  EdDSA: { name: 'Ed25519' },
} as const

/** RFC 7515 section 5.1, for what is signed on each request: a builder of any JWS costs as much again as the signature. */
async function compactJws(
  { key, algorithm, headers }: SigningKey,
  typ: AssertionType,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const input = `${headers[typ]}.${base64url.encode(JSON.stringify(claims))}`
  const signature = await crypto.subtle.sign(SIGNATURES[algorithm], key, encoder.encode(input))
  return `${input}.${base64url.encode(new Uint8Array(signature))}`
}
