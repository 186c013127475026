import type { Issuer } from '../../config/define'
import { presets } from '../../config/issuer-presets'
import type { issuerPresetNames } from '../../config/issuer-schema'

export type PresetName = (typeof issuerPresetNames)[number]

/** An example issuer and audience for each provider, for users who have not given their own yet. */
const samples: Readonly<Record<PresetName, { readonly issuer: string; readonly audience: string }>> = {
  entra: {
    issuer: 'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0',
    audience: '00000000-0000-0000-0000-000000000000',
  },
  auth0: { issuer: 'https://TENANT.auth0.com/', audience: 'https://agents.example.com' },
  okta: { issuer: 'https://okta.example.com/oauth2/default', audience: 'api://default' },
  keycloak: { issuer: 'https://keycloak.example.com/realms/acme', audience: 'agents' },
  cognito: { issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE', audience: 'CLIENT_ID' },
  clerk: { issuer: 'https://clerk.example.com', audience: 'https://app.example.com' },
  workos: {
    issuer: 'https://api.workos.com/user_management/client_EXAMPLE',
    audience: 'https://api.workos.com/user_management/client_EXAMPLE',
  },
  supabase: { issuer: 'https://PROJECT.supabase.co/auth/v1', audience: 'authenticated' },
  firebase: { issuer: 'https://securetoken.google.com/PROJECT_ID', audience: 'PROJECT_ID' },
  google: { issuer: 'https://accounts.google.com', audience: 'CLIENT_ID.apps.googleusercontent.com' },
  'cloudflare-access': { issuer: 'https://TEAM.cloudflareaccess.com', audience: 'AUD_TAG' },
  zitadel: { issuer: 'https://zitadel.example.com', audience: 'PROJECT_ID' },
  authentik: { issuer: 'https://authentik.example.com/application/o/agents/', audience: 'agents' },
  openiddict: { issuer: 'https://login.example.com/', audience: 'agents' },
}

/**
 * Returns the example issuer and audience of a provider.
 * @param preset undefined for a provider without a preset
 */
export const sampleOf = (preset: PresetName | undefined) =>
  preset ? samples[preset] : { issuer: 'https://login.example.com', audience: 'agents' }

/** The settings of an issuer that `sallyport add provider` chooses. */
export interface NewIssuer {
  readonly id: string
  readonly preset: PresetName | undefined
  readonly issuer: string | { readonly env: string }
  readonly audience: string
  readonly algorithms?: Issuer['algorithms']
  /** Whether the project has another issuer already, whose users could have the same ids. */
  readonly isSecond: boolean
}

/** Returns the text of policies/ID.ts, the file of a new issuer. */
export function issuerFile({ id, preset, issuer, audience, algorithms, isSecond }: NewIssuer): string {
  const given = algorithms ?? (preset && presets[preset].algorithms) ?? ['RS256']
  return `import { defineIssuer } from 'sallyport'

/**
 * The provider that signs people in. \`sallyport explain --token FILE\` says why the gateway
 * accepts or refuses a token.
 */
export default defineIssuer({
  id: '${id}',
${preset ? `  preset: '${preset}',\n` : ''}  issuer: ${typeof issuer === 'string' ? quoted(issuer) : `{ env: '${issuer.env}' }`},
  audience: [${quoted(audience)}],
  algorithms: [${given.map(quoted).join(', ')}],
${isSecond ? `  // Each user id gets this prefix, so that users of two providers never have the same id.\n  subjectPrefix: '${id}:',\n` : ''}})
`
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
