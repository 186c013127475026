import type { SigningKeys } from '../assertion/keys'
import type { Trusted } from '../config/trust'
import type { Ports } from '../ports'
import type { Authenticator, CredentialKind } from './authenticator'
import { jwt } from './jwt/authenticator'

/** Every kind of credential. */
const kinds: readonly CredentialKind[] = [jwt]

/** The kinds that a route takes. A public route takes bearers as well: they are not verified, but taken out of what is sent on. */
export const kindsFor = (_trust: readonly Trusted[]): readonly CredentialKind[] => kinds

/** Makes the authenticators of routes, which share keys and what has been verified. */
export function createAuthenticators(
  ports: Ports,
  signingKeys: () => Promise<SigningKeys>,
): (trust: readonly Trusted[]) => readonly Authenticator[] {
  const opened = new Map(kinds.map((kind) => [kind, kind.open(ports, signingKeys)]))
  return (trust) => kindsFor(trust).flatMap((kind) => opened.get(kind)?.(trust) ?? [])
}
