import type { SigningKeys } from '../assertion/keys'
import type { Trusted } from '../config/trust'
import type { Ports } from '../ports'
import type { Entrance } from './authenticate'
import type { Way } from './authenticator'
import { jwt } from './jwt/authenticator'
import { createTokenStores } from './jwt/token-stores'

/*
 * Every kind of credential: what the route says of it, and its authenticator. Each is given what
 * the route trusts of its kind. A public route takes bearers as well: they are not verified, but
 * taken out of what is sent on.
 */

/** Writes a challenge. @param parameters such as `realm="support"` */
export type Challenge = (parameters: string) => string

export const challengesOf = (_trust: Trusted): readonly Challenge[] => [jwt.challenge]

/** A text without anything that is shaped like a credential. */
export const withoutCredentials = (text: string): string => text.replace(jwt.shape, '[removed]')

/** Request headers that the route's credentials stand in. */
export const credentialHeadersOf = (_trust: Trusted): readonly string[] => [...jwt.requestHeaders]

export const resourceMetadataOf = ({ issuers }: Trusted) => ({ ...jwt.resourceMetadata(issuers) })

/**
 * Makes the entrances of routes, which share keys and what has been verified.
 * @param signingKeys the gateway's own, for routes that trust its assertions
 */
export function createEntrances(
  ports: Ports,
  signingKeys: () => Promise<SigningKeys>,
): (route: Way & { readonly trust: Trusted }) => Entrance {
  const tokens = createTokenStores(ports, signingKeys)
  return ({ trust: { issuers }, tokenHeader, pageOrigins }) => ({
    authenticators: [jwt.authenticator(issuers, tokens, { tokenHeader, pageOrigins })],
    subjectPrefixes: issuers.map(({ subjectPrefix }) => subjectPrefix),
  })
}
