import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTypeScriptServer } from '../../agents/mcp/servers'
import { type AgentPackage, loadAgentPackages } from '../../support/agent-packages'
import { type Dev, linkPackage, startDev } from '../../support/dev'
import { type House, openHouse } from '../../support/house'
import type { NodeServer } from '../../support/node-server'
import { signInAt } from '../../support/sign-in'

/*
 * Sign-in at the local provider: an MCP client by the official SDK, and a front end on another web
 * origin.
 */

const PAGE = 'http://localhost:3000'
let server: NodeServer
let house: House
let dev: Dev

beforeAll(async () => {
  server = await startTypeScriptServer()
  house = openHouse()
  linkPackage(house.root)
  const route = (id: string, agent: string) => `import { defineRoute } from 'sallyport'
import login from '../policies/login'
import talk from '../policies/talk'
export default defineRoute({ id: '${id}', path: '/tools/${id}', agent: ${agent}, trust: [login], policies: [talk], cors: { origins: ['https://app.acme.com'] } })
`
  house.write('routes/notes.ts', route('notes', "{ kind: 'mcp', origin: { env: 'NOTES_URL' } }"))
  house.write('routes/index.ts', "import notes from './notes'\nexport default [notes]\n")
  house.write(
    'policies/talk.ts',
    `import { definePolicy } from 'sallyport'
export default definePolicy({
  id: 'talk',
  allow: [{ name: 'members', operations: ['*'], when: { role: 'member' } }],
  examples: [{ as: { roles: ['member'] }, does: 'tool.list', expect: 'allow' }, { as: {}, does: 'tool.list', expect: 'deny' }],
})
`,
  )
  dev = await startDev(house.root, { NOTES_URL: server.url })
}, 300_000)
afterAll(async () => {
  await dev?.stop()
  await server?.close()
  house?.close()
})

/**
 * The part of an MCP client that its application writes: where it keeps what it got, and how it
 * opens a browser.
 */
class ClientState {
  authorization: URL | undefined
  #client: unknown
  #tokens: { access_token: string; refresh_token?: string } | undefined
  #verifier = ''
  readonly redirectUrl = 'http://127.0.0.1:34567/callback'
  readonly clientMetadata = {
    client_name: 'An MCP client',
    redirect_uris: [this.redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }
  clientInformation = () => this.#client
  saveClientInformation(client: unknown): void {
    this.#client = client
  }
  tokens = () => this.#tokens
  saveTokens(tokens: { access_token: string }): void {
    this.#tokens = tokens
  }
  redirectToAuthorization(url: URL): void {
    this.authorization = url
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }
  codeVerifier = () => this.#verifier
}

describe('sign-in of MCP clients', () => {
  it('an MCP client finds the local provider, registers, signs a person in, and calls a tool (M11)', async () => {
    const [client, http] = await loadAgentPackages(
      '@modelcontextprotocol/sdk/client/index.js',
      '@modelcontextprotocol/sdk/client/streamableHttp.js',
    )
    const url = new URL(`${dev.gateway}/tools/notes`)
    const state = new ClientState()
    const open = () => ({
      mcp: new client.Client({ name: 'test', version: '1.0.0' }),
      transport: new http.StreamableHTTPClientTransport(url, { authProvider: state }),
    })
    const first = open()
    await expect(first.mcp.connect(first.transport)).rejects.toThrow('Unauthorized')
    expect(state.authorization?.origin).toBe(dev.provider)
    expect(state.authorization?.searchParams.get('resource')).toBe(url.href)

    const back = await signInAt(state.authorization as URL, 'bob', state.redirectUrl)
    expect(back.searchParams.get('error')).toBeNull()
    await first.transport.finishAuth(back.searchParams.get('code'))
    expect(decodeJwt(state.tokens()?.access_token ?? '')).toMatchObject({ sub: 'bob', aud: url.href })
    expect(state.tokens()?.refresh_token).toEqual(expect.any(String))

    const { mcp, transport } = open()
    await mcp.connect(transport)
    try {
      const { content } = (await mcp.callTool({ name: 'search', arguments: { words: 'tea' } })) as AgentPackage
      expect(content).toEqual([{ type: 'text', text: 'found tea' }])
      expect(await dev.printed(/tool\.call\/search/)).toMatch(/200 {2}bob .*tool\.call\/search/)
    } finally {
      await mcp.close()
    }
  })

  it('the metadata of the local provider offers "none" as client authentication, and a registration endpoint', async () => {
    const reply = await fetch(`${dev.provider}/.well-known/openid-configuration`)
    const metadata = (await reply.json()) as Record<string, string[]>
    expect(metadata.token_endpoint_auth_methods_supported?.[0]).toBe('none')
    expect(metadata.registration_endpoint).toBe(`${dev.provider}/reg`)
  })
})

describe('sign-in of front ends on other web origins', () => {
  const form = (fields: Record<string, string>, origin: string) =>
    fetch(`${dev.provider}/token`, {
      method: 'POST',
      headers: { origin },
      body: new URLSearchParams({ client_id: 'sallyport-app', ...fields }),
    })
  const authorization = (redirectUri: string, more: Record<string, string> = {}) => {
    const url = new URL(`${dev.provider}/auth`)
    url.search = new URLSearchParams({
      client_id: 'sallyport-app',
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: 'openid',
      // RFC 7636 appendix B.
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ...more,
    }).toString()
    return url
  }
  const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'

  it.each([`${PAGE}/signed-in`, 'https://app.acme.com/callback'])(
    'a front end is redirected to %s, and a page at this address reads the tokens and a refreshed token',
    async (redirectUri) => {
      const { origin } = new URL(redirectUri)
      const back = await signInAt(authorization(redirectUri), 'alice', redirectUri)
      const code = back.searchParams.get('code') ?? ''
      const grant = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri }
      const reply = await form(grant, origin)
      expect([reply.status, reply.headers.get('access-control-allow-origin')]).toEqual([200, origin])
      const tokens = (await reply.json()) as { access_token: string; refresh_token: string }
      expect(decodeJwt(tokens.access_token)).toMatchObject({ sub: 'alice', aud: 'agents' })
      const next = await form({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }, origin)
      expect(next.status).toBe(200)
      expect(decodeJwt(((await next.json()) as { access_token: string }).access_token).sub).toBe('alice')
    },
  )

  it.each([
    'https://evil.test/',
    'https://app.acme.com.evil.test/',
    'http://127.0.0.1.evil.test/',
    'javascript:alert(1)',
    'javascript://127.0.0.1/%0aalert(1)',
    'data://localhost/text',
  ])('the local provider does not redirect to %s, which no route allows', async (redirectUri) => {
    const reply = await fetch(authorization(redirectUri), { redirect: 'manual' })
    expect([reply.status, await reply.text()]).toEqual([400, expect.stringContaining('invalid_redirect_uri')])
  })

  it('the local provider sends no CORS header for the password grant to any page', async () => {
    const password = { grant_type: 'password', client_id: 'sallyport-cli', username: 'alice', password: 'alice' }
    for (const origin of ['https://evil.test', PAGE]) {
      const reply = await form(password, origin)
      expect([origin, reply.headers.get('access-control-allow-origin')]).toEqual([origin, null])
    }
  })

  it('the local provider refuses a sign-in for an address that is not a route with invalid_target', async () => {
    const reply = await fetch(authorization(`${PAGE}/`, { resource: `${dev.gateway}/elsewhere` }), {
      redirect: 'manual',
    })
    expect(reply.headers.get('location') ?? (await reply.text())).toContain('invalid_target')
  })
})
