import type { JWK } from 'jose'
import type { Issuer } from '../../src/config/define'
import { signRaw } from '../support/tokens'

export type Claims = Readonly<Record<string, unknown>>

/** An identity provider: how a customer writes it down, and tokens as it makes them. */
export interface Provider {
  /** The page that its tokens were modelled on, and when it was read. */
  readonly source: string
  readonly issuer: Partial<Issuer> & Pick<Issuer, 'issuer' | 'audience'>
  /** The address of its keys without a `jwksUri`; undefined where discovery says it. */
  readonly keysAt: string | undefined
  /** Of its keys; `sig` where nothing is said. */
  readonly keyUse?: 'jwt-svid'
  readonly header?: Claims
  /** A person's token, beside the times; a machine's where the provider has no people. */
  readonly person: Claims
  /** The identity that is read from a token, by the claims that differ from the person's. */
  readonly accepts: Readonly<Record<string, { readonly with?: Claims; readonly header?: Claims; readonly is: Claims }>>
  /** Why a token is refused, by the claims that differ from the person's. */
  readonly refuses: Readonly<
    Record<string, { readonly with?: Claims; readonly header?: Claims; readonly reason: string }>
  >
  /** Claims that people, or tenants' administrators, can write about themselves. */
  readonly ownWords: readonly string[]
}

export const now = Math.floor(Date.now() / 1000)
export const HOUR = 3600

/** Words that would mean something where they were believed. */
export const telling = [
  'admin',
  ['admin'],
  { admin: true },
  'service-account-app',
  'app@clients',
  'client-credentials',
  'app',
  'service_role',
  'mallory@robot.iam.gserviceaccount.com',
  'other-tenant',
]

/** A token of a provider, signed with a key of ours. @param change what differs from a person's */
export const tokenOf = (
  { header, person }: Provider,
  key: JWK,
  change: { readonly with?: Claims; readonly header?: Claims } = {},
): string =>
  signRaw(
    { alg: key.alg, kid: key.kid, ...header, ...change.header },
    { iat: now - 5, exp: now + 600, ...person, ...change.with },
    key,
  )

/** The algorithm that a provider signs with in its fixture. */
export const algorithmOf = ({ header }: Provider) => (header?.alg === 'ES384' ? 'ES384' : 'RS256')
