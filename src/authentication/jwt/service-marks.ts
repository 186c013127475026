import type { Claims } from '../../claims'

type Mark = (claims: Claims, client: string | undefined) => boolean

/**
 * By what a provider's tokens for machines are known, by the preset of the provider. A mark counts for tokens of its own provider
 * only, and is none that a person may choose.
 */
const marks = {
  // Where the optional claim `idtyp` is not switched on, the application's object id is the subject and no scope is delegated.
  entra: ({ idtyp, oid, sub, scp }) => idtyp === 'app' || (oid === sub && scp === undefined),
  // The profile of RFC 9068 has no `gty`. People's subjects have the name of their connection before a bar.
  auth0: ({ gty, sub }, client) =>
    gty === 'client-credentials' ||
    gty === 'client_credentials' ||
    (client !== undefined && sub === `${client}@clients`),
  // People choose user names. The client's id beside it comes from the session of a service account, and from no sign-in.
  keycloak: ({ preferred_username: name, client_id, clientId }, client) =>
    client !== undefined && (client_id ?? clientId) === client && name === `service-account-${client.toLowerCase()}`,
  // A service token has a client id in `common_name`, and no subject.
  'cloudflare-access': ({ sub, common_name }) => !sub && typeof common_name === 'string',
  clerk: ({ sub }) => String(sub).startsWith('mch_'),
  // The keys of a project, which name no person.
  supabase: ({ role }) => role === 'service_role' || role === 'anon',
  // Google gives service accounts addresses below this domain, and no person can have one.
  google: ({ email, email_verified }) => email_verified === true && /\.gserviceaccount\.com$/.test(String(email)),
} as const satisfies Record<string, Mark>

const isMarked = (preset: string): preset is keyof typeof marks => Object.hasOwn(marks, preset)

/** Whether a token has its provider's mark of a client that acts for itself. */
export const hasServiceMark = (preset: string | undefined, ...token: Parameters<Mark>): boolean =>
  preset !== undefined && isMarked(preset) && marks[preset](...token)
