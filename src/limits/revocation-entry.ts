import { hex, sha256 } from '../sha256'

export const REVOCATION_KINDS = ['token', 'session', 'person', 'tenant', 'key', 'issuer'] as const
export type RevocationKind = (typeof REVOCATION_KINDS)[number]

export const isRevocationKind = (text: string): text is RevocationKind => REVOCATION_KINDS.some((kind) => kind === text)

/** A closed route, with the operator's message for its callers. */
export interface Closed {
  readonly message?: string | undefined
  /** How long callers should wait before they try again, in seconds. */
  readonly retryAfter?: number | undefined
}

/** The revocation list as gateways read it. It contains hashes instead of names. */
export interface RevocationDocument {
  readonly version: number
  /** The hashes of the revoked tokens, sessions, persons, tenants, keys and issuers, by kind. */
  readonly entries: Readonly<Partial<Record<RevocationKind, readonly string[]>>>
  /** The closed routes, by their ids. */
  readonly closed: Readonly<Record<string, Closed>>
}

const HASH_BYTES = 16

/**
 * Returns the hash by which a token, session, person, tenant, key or issuer is revoked. A reader of
 * the list can recognise in it only names that the reader already knows.
 */
export async function hashOf(kind: RevocationKind, issuer = '', value = ''): Promise<string> {
  return hex((await sha256(JSON.stringify([kind, issuer, value]))).subarray(0, HASH_BYTES))
}
