import type { Ports } from '../../ports'
import { type KeySetDocument, usableKeys } from './key-set'
import type { TrustedIssuer } from './trusted-issuer'

/**
 * The key sets that all isolates (running copies of the Worker) of one location share. If the cache
 * fails, it counts as empty.
 */
export interface SharedKeys {
  /** Returns another isolate's copy, checked as if it came from the network. */
  read(issuer: TrustedIssuer): Promise<KeySetDocument | undefined>
  write(issuer: TrustedIssuer, document: KeySetDocument): Promise<void>
}

/** Creates the access to the shared key sets. @param keptMs how long the platform keeps a copy */
export function createSharedKeys({ sharedCache, now }: Pick<Ports, 'sharedCache' | 'now'>, keptMs: number): SharedKeys {
  const nameOf = ({ issuer, jwksUri }: TrustedIssuer) =>
    `https://keys.sallyport.internal/${encodeURIComponent(issuer)}/${encodeURIComponent(jwksUri ?? '')}`

  return {
    async read(issuer) {
      try {
        const hit = await sharedCache?.match(nameOf(issuer))
        if (!hit) return undefined
        const { keys, fetchedAt, maxAgeMs } = (await hit.json()) as KeySetDocument
        return typeof fetchedAt === 'number' && fetchedAt <= now()
          ? { keys: usableKeys(keys), fetchedAt, maxAgeMs }
          : undefined
      } catch {
        return undefined
      }
    },
    async write(issuer, document) {
      const headers = { 'cache-control': `max-age=${keptMs / 1000}`, 'content-type': 'application/json' }
      try {
        await sharedCache?.put(nameOf(issuer), new Response(JSON.stringify(document), { headers }))
      } catch {
        // A failure does no harm: the next isolate fetches the keys from the provider itself.
      }
    },
  }
}
