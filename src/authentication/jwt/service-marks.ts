import type { Claims } from '../../claims'

type Mark = (claims: Claims, client: string | undefined) => boolean

/**
 * The claims that show that a token belongs to a machine, by the preset of the identity provider.
 * They count only in tokens of this provider, and no person may choose them.
 */
const marks = {
  // Without the optional claim `idtyp`, the subject of a machine's token is the application's
  // object id, and no scope is delegated.
  entra: ({ idtyp, oid, sub, scp }) => idtyp === 'app' || (oid === sub && scp === undefined),
  // Auth0's tokens in the form of RFC 9068 have no `gty`. The subject of a person begins with the
  // name of their connection and a bar (`|`).
  auth0: ({ gty, sub }, client) =>
    gty === 'client-credentials' ||
    gty === 'client_credentials' ||
    (client !== undefined && sub === `${client}@clients`),
  // People can choose a user name like this. But the client's id beside it comes only from the
  // session of a service account, never from a person's sign-in. In a token that was exchanged,
  // `azp` is another client.
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

/**
 * Tells whether a token has Okta's `uid`. Only people have it, even if their login equals a
 * client's id.
 */
export const hasPersonMark = (preset: string | undefined, { uid }: Claims): boolean =>
  preset === 'okta' && uid !== undefined

const isMarked = (preset: string): preset is keyof typeof marks => Object.hasOwn(marks, preset)

/** Tells whether a token has claims by which its provider shows that a client acts for itself. */
export const hasServiceMark = (preset: string | undefined, ...token: Parameters<Mark>): boolean =>
  preset !== undefined && isMarked(preset) && marks[preset](...token)
