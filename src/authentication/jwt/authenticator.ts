import { Refusal } from '../../errors/refusal'
import { refuseForeignPage } from '../ambient'
import type { CredentialKind } from '../authenticator'
import { takeBearer, takeHeader } from '../bearer'
import { refuseToken } from '../refuse-token'
import { NO_BINDING } from './fault'
import { shown } from './shown'
import type { TokenStores } from './token-stores'
import type { TrustedIssuer } from './trusted-issuer'
import { verify } from './verify'

/**
 * Access tokens that are JWTs, sent as bearer tokens. A token is verified by the trusted issuer
 * that its `iss` names. A token that is bound to its sender (`cnf`: RFC 9449, RFC 8705) is refused.
 */
export const jwt: CredentialKind<TokenStores, TrustedIssuer> = {
  challenge: (parameters) => `Bearer ${parameters}`,
  // Matches a JWS or a JWE in compact form. The header's JSON may begin with white space, and a
  // segment may be empty.
  shape: /(?:eyJ[\w-]*|e(?:yA|w[ko0])[\w-]{16,})\.[\w.-]+/g,
  requestHeaders: ['authorization'],
  resourceMetadata: (issuers) => ({
    // RFC 9728 section 2 demands URLs. If an issuer is not a URL, clients cannot request tokens
    // from it anyway, so it is left out.
    authorization_servers: issuers.map(({ issuer }) => issuer).filter((issuer) => URL.canParse(issuer)),
    bearer_methods_supported: ['header'],
  }),

  authenticator: (issuers, stores, { tokenHeader, pageOrigins, isOther }) => ({
    take(sources) {
      const taken = takeBearer(sources)
      const bearer = taken && isOther(taken.reveal()) ? undefined : taken
      const ambient = tokenHeader === undefined ? undefined : takeHeader(sources.headers, tokenHeader)
      if (bearer && ambient && bearer.reveal() !== ambient.reveal())
        throw new Refusal('credential-ambiguous', 'two kinds')
      const credential = bearer ?? ambient
      if (!credential) return undefined
      return {
        credential,
        async verify(now, background) {
          const principal = await verify(credential, issuers, stores, now, background)
          if ('cnf' in principal.claims)
            throw refuseToken('sender-constrained', { found: shown(principal.claims.cnf), expected: NO_BINDING })
          if (!bearer && principal.kind === 'user') refuseForeignPage(sources, pageOrigins)
          return principal
        },
      }
    },
  }),
}
