import type { Claims } from '../../caller'

type Mark = (claims: Claims & { readonly sub: string }, client: string | undefined) => boolean

/**
 * By what a provider's tokens for machines are known, by the preset of the provider. A mark counts for tokens of its own provider
 * only, and is none that a person may choose.
 */
const marks = {
  // Where the optional claim `idtyp` is not switched on, the application's object id is the subject and no scope is delegated.
  entra: ({ idtyp, oid, sub, scp }) => idtyp === 'app' || (oid === sub && scp === undefined),
  auth0: ({ gty }) => gty === 'client-credentials',
  // People choose user names. The client's id beside it comes from the session of a service account, and from no sign-in.
  keycloak: ({ preferred_username: name, client_id, clientId }, client) =>
    client !== undefined && (client_id ?? clientId) === client && name === `service-account-${client.toLowerCase()}`,
} as const satisfies Record<string, Mark>

const isMarked = (preset: string): preset is keyof typeof marks => Object.hasOwn(marks, preset)

/** Whether a token has its provider's mark of a client that acts for itself. */
export const hasServiceMark = (preset: string | undefined, ...token: Parameters<Mark>): boolean =>
  preset !== undefined && isMarked(preset) && marks[preset](...token)
