import type { SigningKeys } from '../../assertion/keys'
import type { Ports } from '../../ports'
import type { Authenticator } from '../authenticator'
import { takeBearer } from '../bearer'
import { createKeyStore } from './issuer-keys'
import type { TrustedIssuer } from './trusted-issuer'
import { VerifiedTokens } from './verified'
import { verify } from './verify'

/**
 * Makes authenticators for access tokens that are JWTs. They share keys and verified tokens.
 *
 * @param signingKeys the gateway's own, for routes that trust its assertions
 * @returns one for each list of issuers. A token is verified by the issuer of the list that its `iss` names
 */
export function createJwtAuthenticators(
  ports: Ports,
  signingKeys: () => Promise<SigningKeys>,
): (trust: readonly TrustedIssuer[]) => Authenticator {
  const stores = { keys: createKeyStore(ports, signingKeys), verified: new VerifiedTokens() }
  return (trust) => ({
    take: takeBearer,
    verify: (credential, now, background) => verify(credential, trust, stores, now, background),
  })
}
