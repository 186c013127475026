import type { SigningKeys } from '../assertion/keys'
import type { Trusted } from '../config/trust'
import type { Ports } from '../ports'
import { apiKey } from './api-key/authenticator'
import { isMeantAsKey, KEY_HEADER } from './api-key/form'
import { createLookUp } from './api-key/lookup'
import type { Entrance } from './authenticate'
import type { Way } from './authenticator'
import { jwt } from './jwt/authenticator'
import { createTokenStores } from './jwt/token-stores'

/*
 * All kinds of credential: their challenges and their authenticators. Each authenticator receives
 * the issuers or keys of its kind that the route trusts. A public route takes bearer tokens as
 * well: it does not verify them, but removes them from everything that it sends on.
 */

/**
 * Writes the text with which a 401 asks for a credential. @param parameters such as
 * `realm="support"`
 */
export type Challenge = (parameters: string) => string

/**
 * Returns the challenges of a route. Both kinds of credential can be sent as bearer tokens, so one
 * challenge is enough.
 */
export const challengesOf = (_trust: Trusted): readonly Challenge[] => [jwt.challenge]

/** Returns a text without anything that looks like a credential. */
export const withoutCredentials = (text: string): string => {
  const rest = text.replace(jwt.shape, '[removed]')
  return rest.includes('sp_') ? rest.replace(apiKey.shape, '[removed]') : rest
}

/** Tells whether the headers present an API key, valid or not, to a route that trusts keys. */
export const hasKey = ({ apiKeys }: Trusted, headers: Headers): boolean =>
  apiKeys.length > 0 && isMeantAsKey(headers.get(KEY_HEADER) ?? '')

/** Returns the request headers that carry the route's credentials. */
export const credentialHeadersOf = ({ apiKeys }: Trusted): readonly string[] =>
  apiKeys.length > 0 ? apiKey.requestHeaders : jwt.requestHeaders

export const resourceMetadataOf = ({ issuers, apiKeys }: Trusted) => ({
  ...(apiKeys.length > 0 && apiKey.resourceMetadata(apiKeys)),
  ...(issuers.length > 0 && jwt.resourceMetadata(issuers)),
})

/**
 * Creates the function that makes the `Entrance` of a route. All entrances share keys and verified
 * tokens.
 * @param signingKeys the gateway's own keys, for routes that trust its assertions
 */
export function createEntrances(
  ports: Ports,
  signingKeys: () => Promise<SigningKeys>,
): (route: Pick<Way, 'tokenHeader' | 'pageOrigins'> & { readonly id: string; readonly trust: Trusted }) => Entrance {
  const tokens = createTokenStores(ports, signingKeys)
  const lookUp = createLookUp(ports)
  return ({ id, trust: { issuers, apiKeys }, tokenHeader, pageOrigins }) => {
    const hasKeys = apiKeys.length > 0
    const isOther = (bearer: string) => hasKeys && isMeantAsKey(bearer)
    const way: Way = { route: id, tokenHeader, pageOrigins, isOther }
    return {
      authenticators: [
        jwt.authenticator(issuers, tokens, way),
        ...(hasKeys ? [apiKey.authenticator(apiKeys, lookUp, way)] : []),
      ],
      subjectPrefixes: [...issuers, ...apiKeys].map(({ subjectPrefix }) => subjectPrefix),
    }
  }
}
