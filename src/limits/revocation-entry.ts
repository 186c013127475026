import { hex, sha256 } from '../sha256'

export const REVOCATION_KINDS = ['token', 'session', 'person', 'tenant', 'key', 'issuer'] as const
export type RevocationKind = (typeof REVOCATION_KINDS)[number]

export const isRevocationKind = (text: string): text is RevocationKind => REVOCATION_KINDS.some((kind) => kind === text)

/** A route that is closed, in the operator's words. */
export interface Closed {
  readonly message?: string | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
}

/** The list as gateways read it. It has hashes and no names. */
export interface RevocationDocument {
  readonly version: number
  /** Hashes by the kind of revocation. */
  readonly entries: Readonly<Partial<Record<RevocationKind, readonly string[]>>>
  /** By the route's id. */
  readonly closed: Readonly<Record<string, Closed>>
}

const HASH_BYTES = 16

/**
 * Returns the hash of what is revoked. Readers of the list can only recognise names that they know
 * already.
 */
export async function hashOf(kind: RevocationKind, issuer = '', value = ''): Promise<string> {
  return hex((await sha256(JSON.stringify([kind, issuer, value]))).subarray(0, HASH_BYTES))
}
