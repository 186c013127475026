import type { CredentialKind } from '../authenticator'
import { takeBearer } from '../bearer'
import { createKeyStore } from './issuer-keys'
import { VerifiedTokens } from './verified'
import { verify } from './verify'

/** Access tokens that are JWTs, as bearers. A token is verified by the trusted issuer that its `iss` names. */
export const jwt: CredentialKind = {
  scheme: 'Bearer',
  requestHeaders: ['authorization'],
  resourceMetadata: { bearer_methods_supported: ['header'] },

  open(ports, signingKeys) {
    const stores = { keys: createKeyStore(ports, signingKeys), verified: new VerifiedTokens() }
    return (trust) => ({
      take(sources) {
        const credential = takeBearer(sources)
        return (
          credential && { credential, verify: (now, background) => verify(credential, trust, stores, now, background) }
        )
      },
    })
  },
}
