import { createPublicKey } from 'node:crypto'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { JWK } from 'jose'
import { root } from '../support/build'
import { publicJwk } from '../support/keys'
import { ready } from '../support/packages'
import { API } from './microsoft'
import type { Claims } from './provider'
import { providers } from './providers'

/*
 * The libraries that providers ship to verify their tokens, given our keys in place of theirs: a
 * fixture that they refuse would prove our own imagination.
 */

/** Throws where it does not accept a token. */
export type Judge = (token: string) => Promise<unknown>

export interface Judged {
  readonly by: string
  readonly judge: Judge
  /** Claims that the library asks for and does not let its caller choose. */
  readonly asks?: Claims
}

// biome-ignore lint/suspicious/noExplicitAny: the packages are installed by the tests alone, so their types are not at hand
type Package = any

const folder = path.join(root, 'test/providers')
const load = createRequire(path.join(folder, 'package.json'))

/**
 * @param key for RS256
 * @param awsKey for ES384, which AWS signs with
 * @param keysUrl of a key set, `/jwks`, and of the same as PEM by `kid`, `/pem`, on this machine
 */
export async function judgesOf(
  key: JWK,
  awsKey: JWK,
  keysUrl: string,
): Promise<Partial<Record<keyof typeof providers, Judged>>> {
  await ready('test/providers')
  const pem = createPublicKey({ key: publicJwk(key) as never, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString()
  const { CognitoJwtVerifier, JwtVerifier }: Package = load('aws-jwt-verify')
  const { verifyToken }: Package = load('@clerk/backend')
  const { OAuth2Client }: Package = load('google-auth-library')
  const OktaJwtVerifier: Package = load('@okta/jwt-verifier')
  const { auth }: Package = load('express-oauth2-jwt-bearer')
  const { FirebaseTokenVerifier, ID_TOKEN_INFO }: Package = load(
    path.join(folder, 'node_modules/firebase-admin/lib/auth/token-verifier.js'),
  )
  const { initializeApp }: Package = load('firebase-admin/app')

  const cognito = CognitoJwtVerifier.create({
    userPoolId: 'eu-west-1_AbCdEf123',
    tokenUse: 'access',
    clientId: '7abc',
  })
  cognito.cacheJwks({ keys: [publicJwk(key)] })
  const { issuer, audience } = providers.aws.issuer
  const aws = JwtVerifier.create({ issuer, audience, jwksUri: providers.aws.keysAt })
  aws.cacheJwks({ keys: [publicJwk(awsKey)] })
  const okta = new OktaJwtVerifier({ issuer: 'https://acme.okta.com/oauth2/default', jwksUri: `${keysUrl}/jwks` })
  const auth0 = auth({
    issuer: 'https://acme.eu.auth0.com/',
    audience: 'agents',
    jwksUri: `${keysUrl}/jwks`,
    tokenSigningAlg: 'RS256',
  })
  const google = new OAuth2Client()
  const { GoTrueClient }: Package = load('@supabase/auth-js')
  const supabase = new GoTrueClient({ url: 'https://abcd.supabase.co/auth/v1', autoRefreshToken: false })
  const { WorkOS }: Package = load('@workos-inc/node')
  const local = new URL(keysUrl)
  const workos = new WorkOS('sk_test', {
    clientId: 'client_01H',
    apiHostname: local.hostname,
    port: Number(local.port),
    https: false,
  })
  const { default: accessPlugin }: Package = await import(
    path.join(folder, 'node_modules/@cloudflare/pages-plugin-cloudflare-access/dist/functions/index.js')
  )
  const access = accessPlugin({ domain: 'https://acme.cloudflareaccess.com', aud: '4714c1358e' })
  const app = initializeApp({ projectId: 'acme-agents' }, `judge-${key.kid}`)
  const firebase = new FirebaseTokenVerifier(`${keysUrl}/pem`, 'https://securetoken.google.com/', ID_TOKEN_INFO, app)

  const entra = (issuer: string, audience: string): Judge => microsoft(key, issuer, audience)

  return {
    entra: { by: 'passport-azure-ad 4.3.5', judge: entra(String(providers.entra.person.iss), API) },
    entraVersion1: {
      by: 'passport-azure-ad 4.3.5',
      judge: entra(String(providers.entraVersion1.person.iss), `api://${API}`),
    },
    cognito: { by: 'aws-jwt-verify 5.2.1', judge: (token) => cognito.verify(token) },
    aws: { by: 'aws-jwt-verify 5.2.1', judge: (token) => aws.verify(token) },
    clerk: {
      by: '@clerk/backend 3.25.0',
      judge: (token) => verifyToken(token, { jwtKey: pem, authorizedParties: ['https://app.acme.example'] }),
    },
    okta: { by: '@okta/jwt-verifier 4.0.2', judge: (token) => okta.verifyAccessToken(token, 'api://default') },
    auth0: {
      by: 'express-oauth2-jwt-bearer 1.10.0',
      judge: (token) =>
        new Promise((resolve, reject) => {
          const headers: Record<string, string> = { authorization: `Bearer ${token}`, host: 'api.acme.example' }
          const get = (name: string) => headers[name.toLowerCase()]
          const request = {
            headers,
            get,
            protocol: 'https',
            originalUrl: '/',
            query: {},
            is: () => false,
            method: 'GET',
          }
          auth0(request, {}, (failed: unknown) => (failed ? reject(failed) : resolve(true)))
        }),
    },
    google: {
      by: 'google-auth-library 11.3.4',
      judge: (token) =>
        google.verifySignedJwtWithCertsAsync(token, { [key.kid ?? '']: pem }, '1234.apps.googleusercontent.com', [
          'https://accounts.google.com',
        ]),
    },
    supabase: {
      by: '@supabase/auth-js 2.119.1',
      async judge(token) {
        const { data, error } = await supabase.getClaims(token, { jwks: { keys: [publicJwk(key)] } })
        if (error) throw error
        return data
      },
    },
    workos: {
      by: '@workos-inc/node 11.0.0',
      async judge(token) {
        // Its session cookies are judged by this.
        if (!(await workos.userManagement.isValidJwt(token))) throw new Error('no valid token')
        return true
      },
    },
    cloudflareAccess: {
      by: '@cloudflare/pages-plugin-cloudflare-access 1.0.5',
      judge: (token) =>
        withKeysFrom(`${keysUrl}/jwks`, async () => {
          const request = new Request('https://app.acme.example/', { headers: { 'cf-access-jwt-assertion': token } })
          const next = async () => new Response('in')
          const ignored = () => undefined
          const response = await access({
            request,
            next,
            env: {},
            data: {},
            functionPath: '',
            waitUntil: ignored,
            passThroughOnException: ignored,
          })
          if ((await response.text()) !== 'in') throw new Error(`sent to sign in: ${response.status}`)
          return true
        }),
    },
    firebase: { by: 'firebase-admin 14.5.1', judge: (token) => firebase.verifyJWT(token, false) },
    githubActions: { by: '@actions/attest 3.2.0', judge: await github(key), asks: { aud: 'nobody' } },
  }
}

/** Lets a library that knows one address for keys alone have them from here. */
async function withKeysFrom<Result>(url: string, work: () => Promise<Result>): Promise<Result> {
  const { fetch } = globalThis
  globalThis.fetch = () => fetch(url)
  try {
    return await work()
  } finally {
    globalThis.fetch = fetch
  }
}

/**
 * GitHub's library for builds. It asks the runner for a token, and the issuer for the keys. Both
 * answers come from here.
 */
async function github(key: JWK): Promise<Judge> {
  const modules = path.join(folder, 'node_modules/@actions')
  const { getIDTokenClaims }: Package = await import(path.join(modules, 'attest/lib/oidc.js'))
  const { HttpClient }: Package = await import(path.join(modules, 'http-client/lib/index.js'))
  const { issuer } = providers.githubActions.issuer
  const runner = 'https://runner.example/token?api-version=2'
  Object.assign(process.env, { ACTIONS_ID_TOKEN_REQUEST_URL: runner, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'runner' })
  return async (token) => {
    const answers: Readonly<Record<string, unknown>> = {
      [`${runner}&audience=nobody`]: { value: token },
      [`${issuer}/.well-known/openid-configuration`]: { jwks_uri: providers.githubActions.keysAt },
      [providers.githubActions.keysAt ?? '']: { keys: [publicJwk(key)] },
    }
    HttpClient.prototype.getJson = async (url: string) => ({ statusCode: 200, result: answers[url] ?? null })
    // The library prints each token for GitHub's log to mask.
    const print = process.stdout.write
    process.stdout.write = () => true
    try {
      return await getIDTokenClaims(issuer)
    } finally {
      process.stdout.write = print
    }
  }
}

/**
 * Microsoft's strategy for bearers, with its own verification and a key of ours in place of its
 * documents.
 */
function microsoft(key: JWK, issuer: string, audience: string): Judge {
  const { BearerStrategy }: Package = load('passport-azure-ad')
  const { Metadata }: Package = load('passport-azure-ad/lib/metadata')
  const url = `${providers.entra.person.iss}/.well-known/openid-configuration`
  const told = (claims: unknown, done: (failed: null, user: unknown) => void) => done(null, claims)
  const strategy = new BearerStrategy({ identityMetadata: url, clientID: API, audience, loggingNoPII: true }, told)
  const metadata = new Metadata(url, 'oidc', { loggingNoPII: true })
  metadata.oidc = { keys: [publicJwk(key)] }
  return (token) =>
    new Promise((resolve, reject) => {
      strategy.fail = (why: unknown) => reject(new Error(String(why)))
      const wanted = { algorithms: ['RS256'], issuer: [issuer], audience: [audience], clockSkew: 300 }
      strategy.jwtVerify({}, token, metadata, wanted, (_failed: unknown, user: unknown) => resolve(user))
    })
}
