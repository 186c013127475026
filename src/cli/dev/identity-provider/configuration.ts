/// <reference path="./oidc-provider.d.ts" />
import { randomBytes } from 'node:crypto'
import { type AccessToken, type Client, type Context, errors } from 'oidc-provider'
import type { SigningKeys } from './keys.ts'
import { errorPage } from './login-page.ts'
import { createMemoryStore } from './memory-store.ts'
import type { People } from './people.ts'
import { parseResource, resourceIndicator } from './resource.ts'

/** The settings that may change while the local identity provider runs. */
export interface Surroundings {
  readonly people: People
  /** The web origins of front ends that are not on this machine. */
  readonly pages: () => readonly string[]
  /** The URLs of routes. A client may request one as the audience of its token (RFC 8707). */
  readonly resources: () => readonly string[]
}

export interface Settings extends Surroundings {
  readonly audience: string
  readonly accessTokenSeconds: number
  readonly keys: SigningKeys
}

const hour = 3600
/** The OAuth client id for front ends. */
export const APP = 'sallyport-app'
/** The OAuth client id for the password grant. */
const COMMAND_LINE = 'sallyport-cli'

/**
 * Returns the audience, the signature algorithm and the scopes of tokens for a resource (RFC 8707).
 */
export function resourceServerInfo(
  indicator: string,
  accessTokenTTL: number,
  { people, resources }: Pick<Surroundings, 'people' | 'resources'>,
) {
  const resource = resources().includes(indicator)
    ? ({ audience: indicator, algorithm: 'RS256' } as const)
    : parseResource(indicator)
  if (!resource)
    throw new errors.InvalidTarget(
      `unknown resource "${indicator}": expected the URL of a route, or urn:sallyport:rs256:<audience>`,
    )
  return {
    audience: resource.audience,
    scope: people.scopes.join(' '),
    accessTokenTTL,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: resource.algorithm } },
  }
}

/**
 * Tells whether the local identity provider may redirect browsers to an address, and let pages at
 * this address read its answers. The address must be on this machine (RFC 8252 section 7.3), or its
 * origin must be one that a route allows.
 */
export function isOwnPage(address: string, pages: readonly string[]): boolean {
  const url = URL.parse(address)
  // An address with a scheme other than http or https, such as `javascript:`, can have a host that
  // looks like this machine.
  if (!url || !/^https?:$/.test(url.protocol)) return false
  return /^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname) || pages.includes(url.origin)
}

export function providerConfiguration({ audience, accessTokenSeconds, keys, people, pages, resources }: Settings) {
  const defaultResource = resourceIndicator({ algorithm: 'RS256', audience })

  return {
    adapter: createMemoryStore(),
    jwks: { keys: [keys.RS256, keys.ES256] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    clients: [
      {
        client_id: APP,
        client_name: 'A front end',
        token_endpoint_auth_method: 'none',
        // `isOwnPage` allows more redirect addresses.
        redirect_uris: ['http://127.0.0.1/'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
      {
        client_id: COMMAND_LINE,
        client_name: 'Command line',
        token_endpoint_auth_method: 'none',
        redirect_uris: [],
        grant_types: ['password'],
        response_types: [],
      },
    ],
    clientBasedCORS: (_ctx: Context, origin: string, client: Client) =>
      // Web pages may not use the password grant, which is only for the command line.
      client.clientId !== COMMAND_LINE && isOwnPage(origin, pages()),
    // A public client has no secret and must use `none`. Each client uses the first method in this
    // list that it supports, so `none` is first.
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
    issueRefreshToken: async (_ctx: Context, client: Client) => client.grantTypeAllowed('refresh_token'),
    claims: { openid: ['sub', 'roles', 'tenant'], profile: ['name'], email: ['email'] },
    conformIdTokenClaims: false,
    scopes: ['openid'],
    findAccount: async (_ctx: Context, sub: string) =>
      people.find(sub) && { accountId: sub, claims: async () => identityClaims(people, sub) },
    extraTokenClaims: async (_ctx: Context, token: AccessToken) => identityClaims(people, token.accountId),
    loadExistingGrant: (ctx: Context) => grantEverything(ctx, people),
    interactions: { url: (_ctx: Context, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    renderError: async (ctx: Context, out: { error: string; error_description?: string }) => {
      ctx.type = 'html'
      ctx.body = errorPage(out.error, out.error_description)
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true },
      // RFC 7591: MCP clients register themselves.
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => defaultResource,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (_ctx: Context, indicator: string) =>
          resourceServerInfo(indicator, accessTokenSeconds, { people, resources }),
      },
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      IdToken: hour,
      Interaction: hour,
      RefreshToken: 8 * hour,
      Session: 8 * hour,
      Grant: 8 * hour,
    },
  }
}

function identityClaims(people: People, sub: string | undefined) {
  const person = people.find(sub)
  if (!person) return undefined
  const { name, email, roles, tenant, claims } = person
  return { ...claims, sub: person.sub, name, email, roles, tenant }
}

/**
 * Grants at sign-in everything that the person may do, because first-party clients ask for no
 * consent.
 */
async function grantEverything(ctx: Context, people: People) {
  const { client, params, provider, result, session } = ctx.oidc
  const known = result?.consent?.grantId ?? session.grantIdFor(client.clientId)
  const found = known ? await provider.Grant.find(known) : undefined
  if (found) return found

  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  grant.addOIDCScope('openid profile email')
  const { resource } = params
  if (resource) {
    const own = people.find(session.accountId)?.scopes ?? []
    grant.addResourceScope(resource, own.join(' '))
    // Without this line, oidc-provider would ask a person to consent to scopes that this person may
    // not have.
    grant.rejectResourceScope(resource, people.scopes.filter((scope) => !own.includes(scope)).join(' '))
  }
  await grant.save()
  return grant
}
