import type { SigningKeys } from '../../assertion/keys'
import type { Ports } from '../../ports'
import { createKeyStore, type KeyStore } from './issuer-keys'
import { VerifiedTokens } from './verified'

/**
 * Caches of keys and verified tokens, for all requests of one isolate (running copy of the Worker).
 */
export interface TokenStores {
  readonly keys: KeyStore
  readonly verified: VerifiedTokens
}

/**
 * Creates these caches.
 * @param signingKeys the gateway's own keys, for routes that trust its assertions
 */
export const createTokenStores = (ports: Ports, signingKeys: () => Promise<SigningKeys>): TokenStores => ({
  keys: createKeyStore(ports, signingKeys),
  verified: new VerifiedTokens(),
})
