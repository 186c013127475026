import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import copilotkit from '../../../examples/copilotkit/gate/routes/copilotkit'
import copilotkitAgent from '../../../examples/copilotkit/gate/routes/copilotkit-agent'
import companyLogin from '../../../policies/company-login'
import { type IdentityProvider, startIdentityProvider } from '../../../src/cli/dev/identity-provider/provider.ts'
import type { Agent, Policy, Route } from '../../../src/config/define'
import { refusals } from '../../../src/errors/refusals'
import { startChromium } from '../../support/browser'
import { root } from '../../support/build'
import { startGateway, type TestGateway } from '../../support/gateway'
import { type NodeServer, startNodeServer } from '../../support/node-server'
import { ready } from '../../support/packages'
import { freePort } from '../../support/port'
import { type PythonServer, startPython } from '../../support/python'
import { json } from '../../support/world'
import { type Model, startModel } from '../model'
import { startTap, type Tap } from '../tap'

type Person = 'alice' | 'bob'
interface Server {
  readonly url: string
  close(): Promise<void>
}

const folder = path.join(root, 'examples/copilotkit')
const load = (file: string) => import(pathToFileURL(path.join(root, 'examples', file)).href)
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

const adminsOnly: Policy = {
  id: 'admins-only',
  allow: [{ name: 'admins', operations: ['*'], when: { role: 'admin' } }],
  examples: [
    { as: { roles: ['admin'] }, does: 'run.stream', expect: 'allow' },
    { as: { roles: ['member'] }, does: 'run.stream', expect: 'deny' },
  ],
}

let provider: IdentityProvider
let gateway: TestGateway
let agent: Server
/**
 * An AG2 agent and one of Microsoft Agent Framework, whose tool tells their model who is asking.
 */
let model: Model
let ag2: PythonServer
let maf: PythonServer
/** Before the agent, and before the runtime: what the gateway sent there. */
let toAgent: Tap
let toRuntime: Tap
let runtime: Server
/** A runtime that has no gateway in front of it. */
let openRuntime: Server
const pages: Record<'chat' | 'admins', NodeServer> = {} as never
let browser: Browser
let page: Page
/** Every address that the page asked for. */
const asked: string[] = []

/** Builds the page as `npm run build` does, for addresses of this test. */
async function build(outDir: string, env: Record<string, string>): Promise<void> {
  const vite = path.join(folder, 'node_modules/vite/bin/vite.js')
  const child = spawn(process.execPath, [vite, 'build', 'page', '--outDir', outDir, '--logLevel', 'error'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [errors, code] = await Promise.all([text(child.stderr), new Promise((resolve) => child.on('close', resolve))])
  if (code !== 0) throw new Error(`the page cannot be built:\n${errors}`)
}

/**
 * Serves a built page, with a policy that lets it speak to the gateway and the identity provider
 * only.
 */
const serve = (outDir: string, allowed: () => readonly string[]): Promise<NodeServer> =>
  startNodeServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page')
    const file = path.join(outDir, pathname === '/' ? 'index.html' : path.normalize(pathname))
    const content = await readFile(file).catch(() => undefined)
    response.writeHead(content ? 200 : 404, {
      'content-type': types[path.extname(file)] ?? 'application/octet-stream',
      'content-security-policy': `default-src 'self' data:; style-src 'self' 'unsafe-inline'; connect-src ${allowed().join(' ')}`,
    })
    response.end(content)
  })

beforeAll(async () => {
  process.env.COPILOTKIT_TELEMETRY_DISABLED = 'true'
  await Promise.all([ready('examples/copilotkit'), ready('examples/ag-ui-agent')])
  const [{ startAgent }, { startRuntime }] = await Promise.all([
    load('ag-ui-agent/agent.ts'),
    load('copilotkit/runtime.ts'),
  ])
  const { identity: _, ...anyAgent } = copilotkitAgent
  const behind = (id: string, of: Agent): Route => ({ ...anyAgent, id, path: `/agents/${id}`, agent: of })
  const port = await freePort()
  const gate = `http://127.0.0.1:${port}`
  agent = await startAgent()
  toAgent = await startTap(agent.url)
  model = await startModel()
  ;[ag2, maf] = (await Promise.all(
    ['ag2-1x', 'maf-python'].map((name) =>
      startPython({
        folder: `examples/${name}`,
        args: (at) => ['-m', 'uvicorn', 'agent:app', '--port', String(at)],
        env: model.env,
        readyPath: '/docs',
      }),
    ),
  )) as [PythonServer, PythonServer]
  runtime = await startRuntime({
    agents: {
      default: `${gate}/agents/copilotkit-agent`,
      ag2: `${gate}/agents/copilotkit-ag2`,
      maf: `${gate}/agents/copilotkit-maf`,
    },
  })
  openRuntime = await startRuntime({ agents: { default: `${gate}/agents/direct` } })
  toRuntime = await startTap(new URL(runtime.url).origin)

  const outDirs = { chat: '', admins: '' }
  for (const name of ['chat', 'admins'] as const) {
    outDirs[name] = path.join(root, 'node_modules/.cache/sallyport/copilotkit', name)
    pages[name] = await serve(outDirs[name], () => [gate, provider.issuer])
  }
  provider = await startIdentityProvider()
  gateway = await startGateway({
    port,
    routes: [
      copilotkit,
      copilotkitAgent,
      {
        ...copilotkit,
        id: 'admins',
        path: '/agents/admins',
        policies: [adminsOnly],
        cors: { origins: [pages.admins.url] },
      },
      behind('copilotkit-ag2', { kind: 'ag2', origin: { url: `${ag2.url}/chat` } }),
      behind('copilotkit-maf', { kind: 'maf', origin: { url: maf.url } }),
      { ...copilotkitAgent, id: 'direct', path: '/agents/direct', trust: [companyLogin] },
    ],
    vars: {
      ISSUER_URL: provider.issuer,
      COPILOTKIT_RUNTIME_URL: `${toRuntime.url}/api/copilotkit`,
      COPILOTKIT_AGENT_URL: toAgent.url,
      COPILOTKIT_PAGE_ORIGIN: pages.chat.url,
    },
  })
  await Promise.all(
    Object.entries({ chat: 'copilotkit', admins: 'admins' }).map(([name, route]) =>
      build(outDirs[name as 'chat' | 'admins'], {
        VITE_RUNTIME_URL: `${gate}/agents/${route}`,
        VITE_ISSUER_URL: provider.issuer,
      }),
    ),
  )
  browser = await startChromium()
}, 600_000)
afterAll(async () => {
  await browser?.close()
  await gateway?.close()
  await provider?.close()
  for (const server of [...Object.values(pages), toRuntime, toAgent, runtime, openRuntime, agent, ag2, maf, model])
    await server?.close()
})

beforeEach(async () => {
  await page?.close()
  page = await browser.newPage({ viewport: { width: 960, height: 560 } })
  page.setDefaultTimeout(20_000)
  page.on('request', (request) => asked.push(request.url()))
  asked.length = 0
  toRuntime.calls.length = 0
  toAgent.calls.length = 0
})

const at = (id: string) => page.getByTestId(id)

async function signIn(person: Person, on: keyof typeof pages = 'chat'): Promise<void> {
  await page.goto(`${pages[on].url}/`)
  await at('sign-in').click()
  await at(`sign-in-${person}`).click()
  await expect.poll(() => at('person').textContent()).toMatch(new RegExp(person, 'i'))
}

/** The button can be pressed once the chat knows its runtime. */
async function send(message: string): Promise<void> {
  await page.getByTestId('copilot-chat-textarea').fill(message)
  await page.getByTestId('copilot-send-button').click()
}

/** Says something, and gives the answer once it is all there. */
async function say(message: string): Promise<string> {
  const answers = page.getByTestId('copilot-assistant-message')
  const before = await answers.count()
  await send(message)
  const answer = answers.nth(before)
  await answer.waitFor()
  await expect.poll(() => answer.textContent()).toContain(`You said: “${message}”`)
  return (await answer.textContent()) ?? ''
}

/** Takes a picture for the documents, when SCREENSHOTS is set. */
async function shoot(name: string): Promise<void> {
  if (!process.env.SCREENSHOTS) return
  await page.mouse.move(0, 300)
  await page.waitForTimeout(500)
  await page.screenshot({ path: path.join(root, 'docs/images', `${name}.png`) })
}

describe('a CopilotKit app behind the gateway', () => {
  it('the CopilotKit app asks for sign-in after a 401, and the runtime receives nothing', async () => {
    const answer = page.waitForResponse((response) => response.url().endsWith('/agents/copilotkit/info'))
    await page.goto(`${pages.chat.url}/`)
    expect((await answer).status()).toBe(401)
    await expect.poll(() => at('notice').getAttribute('data-status')).toBe('401')
    const { title, detail } = refusals['token-missing']
    expect(await at('notice').textContent()).toBe(`${title} ${detail}`)
    expect(await at('sign-in').textContent()).toBe('Sign in')
    expect(toRuntime.calls).toEqual([])
  })

  it.each(['alice', 'bob'] as const)(
    'the first answer of the agent after sign-in says that the caller is %s',
    async (person) => {
      await signIn(person)
      expect(await say('hello')).toContain(`The gateway says you are ${person}`)
      expect(await at('notice').count()).toBe(0)
      await shoot(`copilotkit-${person}`)
    },
  )

  it('the runtime and the agent receive no token, but different assertions for the caller', async () => {
    await signIn('alice')
    const sent = page.waitForRequest((request) => request.url().endsWith('/agent/default/run'))
    await say('hello')
    const token = (await (await sent).headerValue('authorization'))?.replace('Bearer ', '') ?? ''
    expect(token).toMatch(/^ey/)
    for (const [tap, audience] of [
      [toRuntime, 'copilotkit'],
      [toAgent, 'copilotkit-agent'],
    ] as const) {
      expect(tap.calls.length).toBeGreaterThan(0)
      expect(JSON.stringify(tap.calls)).not.toContain(token)
      const headers = tap.calls.at(-1)?.headers ?? {}
      const word = headers.authorization ?? `${headers['x-sallyport-assertion']}`
      expect(JSON.parse(Buffer.from(word.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
        sub: 'alice',
        aud: audience,
      })
    }
  })

  it('the page of a CopilotKit app sends requests only to the gateway and the identity provider', async () => {
    await signIn('bob')
    await say('hello')
    const origins = new Set(asked.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).origin))
    expect([...origins].sort()).toEqual([pages.chat.url, gateway.url, provider.issuer].sort())
  })

  it.each(['ag2', 'maf'])('a tool of an agent behind the CopilotKit runtime knows the caller: %s', async (name) => {
    for (const person of ['alice', 'bob'] as const) {
      model.calls.length = 0
      await signIn(person)
      await at('agent').selectOption(name)
      await send('my account')
      await expect.poll(() => at('copilot-message-list').textContent()).toContain('That is your account.')
      const results = model.calls.flatMap(({ body }) => body.messages.filter(({ role }) => role === 'tool'))
      expect(JSON.stringify(results)).toContain(`${person}@example.com`)
    }
  })

  it('the agent knows a second person who signs in after the first person on the same page', async () => {
    await signIn('alice')
    expect(await say('hello')).toContain('you are alice')
    await at('sign-in').click()
    await at('sign-in-bob').click()
    await expect.poll(() => at('person').textContent()).toContain('Bob')
    expect(await say('hello again')).toContain('you are bob')
  })

  it('the CopilotKit app shows the 403 of the gateway if the policy denies the person', async () => {
    await signIn('bob', 'admins')
    await expect.poll(() => at('notice').getAttribute('data-status')).toBe('403')
    expect(await at('notice').textContent()).toBe(
      'Not permitted You are signed in, but the policy of this route does not permit this operation.',
    )
    expect(toRuntime.calls).toEqual([])
    await signIn('alice', 'admins')
    expect(await at('notice').count()).toBe(0)
  })

  it('the CopilotKit app shows the text of the gateway if a token expires in a conversation', async () => {
    await signIn('alice')
    await say('hello')
    await gateway.setClock(2 * 3600)
    try {
      await send('still there?')
      await expect.poll(() => at('notice').getAttribute('data-status')).toBe('401')
      const words = 'Token expired The token has expired. Get a fresh one and try again.'
      await expect.poll(() => at('notice').textContent()).toBe(words)
    } finally {
      await gateway.setClock(0)
    }
  })
})

describe('a runtime without a gateway in front', () => {
  it('the gateway in front of the agent knows the caller by the token that the runtime forwards', async () => {
    const input = {
      threadId: crypto.randomUUID(),
      runId: crypto.randomUUID(),
      state: { auth_user: { user_id: 'root' } },
      messages: [{ id: 'q1', role: 'user', content: 'hello' }],
      tools: [],
      context: [],
      forwardedProps: {},
    }
    const authorization = `Bearer ${await provider.token('bob')}`
    const response = await fetch(`${openRuntime.url}/agent/default/run`, json(input, { authorization }))
    const said = [...(await response.text()).matchAll(/"delta":"([^"]*)"/g)].map((match) => match[1]).join('')
    expect(said).toContain('The gateway says you are bob')
    expect(JSON.stringify(toAgent.calls)).not.toContain(authorization.slice(7))
  })
})
