import type { Claims } from '../../claims'

type Mark = (claims: Claims, client: string | undefined) => boolean

/**
 * By what a provider's tokens for machines are known, by the preset of the provider. A mark counts
 * for tokens of its own provider only, and is none that a person may choose.
 */
const marks = {
  // Where the optional claim `idtyp` is not switched on, the application's object id is the subject
  // and no scope is delegated.
  entra: ({ idtyp, oid, sub, scp }) => idtyp === 'app' || (oid === sub && scp === undefined),
  // The profile of RFC 9068 has no `gty`. People's subjects have the name of their connection
  // before a bar.
  auth0: ({ gty, sub }, client) =>
    gty === 'client-credentials' ||
    gty === 'client_credentials' ||
    (client !== undefined && sub === `${client}@clients`),
  // People choose user names. The client's id beside it comes from the session of a service
  // account, and from no sign-in. Where the token was exchanged, `azp` is another client.
  keycloak: ({ preferred_username: name, client_id, clientId }) => {
    const account = client_id ?? clientId
    return typeof account === 'string' && name === `service-account-${account.toLowerCase()}`
  },
  // A service token has a client id in `common_name`, and no subject.
  'cloudflare-access': ({ sub, common_name }) => !sub && typeof common_name === 'string',
  clerk: ({ sub }) => typeof sub === 'string' && sub.startsWith('mch_'),
  // Google gives service accounts addresses below this domain, and no person can have one.
  google: ({ email, email_verified }) =>
    email_verified === true && typeof email === 'string' && email.endsWith('.gserviceaccount.com'),
} as const satisfies Record<string, Mark>

/** Okta's `uid` is a person's, also where the person has chosen the id of a client as login. */
export const hasPersonMark = (preset: string | undefined, { uid }: Claims): boolean =>
  preset === 'okta' && uid !== undefined

const isMarked = (preset: string): preset is keyof typeof marks => Object.hasOwn(marks, preset)

/** Whether a token has its provider's mark of a client that acts for itself. */
export const hasServiceMark = (preset: string | undefined, ...token: Parameters<Mark>): boolean =>
  preset !== undefined && isMarked(preset) && marks[preset](...token)
