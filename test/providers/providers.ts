import { aws, githubActions, kubernetes, spiffe } from './machines'
import { entra, entraVersion1 } from './microsoft'
import { clerk, cloudflareAccess, cognito, firebase, google, supabase } from './platforms'
import { authentik, keycloak, openiddict, zitadel } from './self-hosted'
import { auth0, okta, workos } from './workforce'

export const providers = {
  entra,
  entraVersion1,
  auth0,
  okta,
  keycloak,
  cognito,
  clerk,
  workos,
  supabase,
  firebase,
  google,
  cloudflareAccess,
  zitadel,
  authentik,
  openiddict,
  kubernetes,
  aws,
  spiffe,
  githubActions,
} as const
