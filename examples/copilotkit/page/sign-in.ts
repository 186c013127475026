import * as oauth from 'oauth4webapi'
import { clientId, issuer } from './settings.ts'

export interface SignedIn {
  token: string
  name: string
  email: string
}

// The local identity provider uses plain http on this machine. No other provider should do so.
const insecure = { [oauth.allowInsecureRequests]: true }
const scope = 'openid profile email agents:use'
const storedAs = 'sallyport-copilotkit-sign-in'
const redirectUri = () => `${location.origin}/`

/**
 * Starts a sign-in by authorization code with PKCE (RFC 7636). The browser goes to the provider's
 * page.
 */
export async function signIn(): Promise<void> {
  const server = await discover()
  const attempt = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
  }
  sessionStorage.setItem(storedAs, JSON.stringify(attempt))
  const url = new URL(server.authorization_endpoint ?? '')
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri(),
    scope,
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(attempt.verifier),
    code_challenge_method: 'S256',
    // The provider shows its login each time, so that it is easy to switch users.
    prompt: 'login',
  }).toString()
  location.assign(url)
}

/**
 * Exchanges the provider's code for tokens. The tokens are only in this page's memory, so they are
 * lost when the page is loaded again.
 */
export async function completeSignIn(): Promise<SignedIn | undefined> {
  const callback = new URL(location.href)
  const attempt = JSON.parse(sessionStorage.getItem(storedAs) ?? 'null')
  if (!attempt || !callback.searchParams.has('state')) return undefined
  sessionStorage.removeItem(storedAs)
  history.replaceState(null, '', '/')

  const server = await discover()
  const client = { client_id: clientId }
  const parameters = oauth.validateAuthResponse(server, client, callback, attempt.state)
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    redirectUri(),
    attempt.verifier,
    insecure,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: attempt.nonce,
    requireIdToken: true,
  })
  const claims = oauth.getValidatedIdTokenClaims(tokens)
  return { token: tokens.access_token, name: String(claims?.name ?? claims?.sub), email: String(claims?.email ?? '') }
}

async function discover(): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer)
  const response = await oauth.discoveryRequest(url, insecure).catch(() => {
    throw new Error(`The identity provider at ${issuer} cannot be reached.`)
  })
  return oauth.processDiscoveryResponse(url, response)
}
