import { sha256Text } from '../sha256'

export type RevocationKind = 'token' | 'session' | 'person' | 'tenant' | 'key' | 'issuer'

/** A route that is closed, in the operator's words. */
export interface Closed {
  readonly message?: string | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
}

/** The list as gateways read it. It has hashes and no names. */
export interface RevocationDocument {
  readonly version: number
  /** Hashes, by what they are of. */
  readonly entries: Readonly<Partial<Record<RevocationKind, readonly string[]>>>
  /** By the route's id. */
  readonly closed: Readonly<Record<string, Closed>>
}

/** 132 bits. */
const HASH_CHARS = 22

/** The hash of what is revoked: whoever reads the list learns nothing that they could not name already. */
export async function hashOf(kind: RevocationKind, issuer = '', value = ''): Promise<string> {
  return (await sha256Text(JSON.stringify([kind, issuer, value]))).slice(0, HASH_CHARS)
}
