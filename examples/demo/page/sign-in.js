import * as oauth from '/vendor/oauth4webapi.js'

// The local provider speaks plain http on loopback. Nothing else should.
const insecure = { [oauth.allowInsecureRequests]: true }
const scope = 'openid profile email agents:use agents:manage'
const storedAs = 'sallyport-sign-in'

/** Authorization code with PKCE (RFC 7636): leaves the page for the provider's sign-in. */
export async function signIn({ issuer, clientId, redirectUri }) {
  const server = await discover(issuer)
  const attempt = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
  }
  sessionStorage.setItem(storedAs, JSON.stringify(attempt))

  const url = new URL(server.authorization_endpoint)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(attempt.verifier),
    code_challenge_method: 'S256',
    // Asks each time, so that it is easy to be somebody else.
    prompt: 'login',
  })
  location.assign(url)
}

/** Back from the provider: exchanges the code for tokens. They live in this page only, and a reload forgets them. */
export async function completeSignIn({ issuer, clientId, redirectUri }) {
  const callback = new URL(location.href)
  const attempt = JSON.parse(sessionStorage.getItem(storedAs) ?? 'null')
  if (!attempt || !callback.searchParams.has('state')) return undefined
  sessionStorage.removeItem(storedAs)
  history.replaceState(null, '', '/')

  const server = await discover(issuer)
  const client = { client_id: clientId }
  const parameters = oauth.validateAuthResponse(server, client, callback, attempt.state)
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    redirectUri,
    attempt.verifier,
    insecure,
  )
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: attempt.nonce,
    requireIdToken: true,
  })
  return { token: tokens.access_token, person: oauth.getValidatedIdTokenClaims(tokens) }
}

async function discover(issuer) {
  const url = new URL(issuer)
  const response = await oauth.discoveryRequest(url, insecure).catch(() => {
    throw new Error(`The identity provider at ${issuer} cannot be reached. Is "npm start" still running?`)
  })
  return oauth.processDiscoveryResponse(url, response)
}
