import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadAgentPackages } from '../../support/agent-packages'
import { startChromium } from '../../support/browser'
import { root } from '../../support/build'
import { startRuntime } from '../../support/copilotkit-runtime'
import { routeOf } from '../../support/fixtures'
import type { NodeServer } from '../../support/node-server'
import { ready } from '../../support/packages'
import { servePage } from '../../support/page'
import { freePort } from '../../support/port'
import { openWorld, type World } from '../../support/world'
import { startTap, type Tap } from '../tap'

type Style = 'multi' | 'single'
/** A runtime that has no gateway before it, only behind it. */
let openRuntime: NodeServer
let world: World
let agent: { readonly url: string; close(): Promise<void> }
let toAgent: Tap
const runtimes = {} as Record<Style, NodeServer>
let page: NodeServer
let browser: Browser
let tab: Page

beforeAll(async () => {
  await Promise.all([ready('examples/copilotkit'), ready('examples/ag-ui-agent')])
  const { startAgent } = await import(pathToFileURL(path.join(root, 'examples/ag-ui-agent/agent.ts')).href)
  const [{ HttpAgent }] = await loadAgentPackages('@ag-ui/client')
  agent = await startAgent({ log: () => undefined })
  toAgent = await startTap(agent.url)
  const port = await freePort()
  const GATE_URL = `http://127.0.0.1:${port}`
  const start = (mode: 'multi-route' | 'single-route', route: string, cors = false) =>
    startRuntime({ mode, cors, agents: { default: new HttpAgent({ url: `${GATE_URL}/agents/${route}` }) } })
  runtimes.multi = await start('multi-route', 'behind')
  runtimes.single = await start('single-route', 'behind')
  openRuntime = await start('multi-route', 'direct', true)
  page = await servePage('test/agents/copilotkit/old-app.page.jsx', ['examples/copilotkit'], { GATE_URL })
  world = await openWorld(
    ({ trust }) => {
      const before = (id: Style) =>
        routeOf(
          {
            kind: 'copilotkit',
            style: id === 'single' ? 'single-route' : 'multi-route',
            origin: { url: `${runtimes[id].url}/api/copilotkit` },
          },
          trust,
          { id, path: `/agents/${id}`, tokenInBody: true, cors: { origins: [page.url] } },
        )
      // The runtime hands on the bearer that the gateway gave it.
      const gate = [{ id: 'gate', issuer: GATE_URL, audience: ['multi', 'single'], algorithms: ['ES256' as const] }]
      return [
        before('multi'),
        before('single'),
        routeOf({ kind: 'ag-ui', origin: { url: toAgent.url } }, trust, {
          id: 'direct',
          path: '/agents/direct',
          tokenInBody: true,
          identity: { state: { key: 'auth_user' } },
        }),
        routeOf({ kind: 'ag-ui', origin: { url: toAgent.url } }, gate, {
          id: 'behind',
          path: '/agents/behind',
          identity: { state: { key: 'auth_user' } },
        }),
      ]
    },
    { port },
  )
  browser = await startChromium()
  tab = await browser.newPage()
  tab.setDefaultTimeout(20_000)
}, 600_000)
afterAll(async () => {
  await browser?.close()
  for (const server of [page, world, ...Object.values(runtimes), openRuntime, toAgent, agent]) await server?.close()
})

async function answerTo(message: string, runtime: string, token: string): Promise<string> {
  await tab.goto('about:blank')
  await tab.goto(`${page.url}/#${runtime}|${token}`)
  await tab.getByTestId('copilot-chat-textarea').fill(message)
  await tab.getByTestId('copilot-send-button').click()
  const answer = tab.getByTestId('copilot-assistant-message').last()
  await answer.waitFor()
  await expect.poll(() => answer.textContent(), { timeout: 20_000 }).toContain(`You said: “${message}”`)
  return (await answer.textContent()) ?? ''
}

describe('CopilotKit apps with the token in properties', () => {
  it.each(['multi', 'single'] as const)(
    'a CopilotKit app with the token in properties lists agents, which know the user (%s-route)',
    async (style) => {
      for (const name of ['alice', 'bob'] as const) {
        const token = world.token(name)
        for (const written of [token, `Bearer ${token}`])
          expect(await answerTo('hello', style, written)).toContain(`The gateway says you are ${name}`)
        expect(JSON.stringify(toAgent.calls)).not.toContain(token)
      }
      expect(
        world.gateway.audit.filter(({ operations, outcome }) => operations?.includes('info') && outcome === 'refused'),
      ).toEqual([])
    },
  )

  it('the agent knows the user of a CopilotKit app if the gateway is only in front of the agent', async () => {
    for (const name of ['alice', 'bob'] as const) {
      const runtime = `${openRuntime.url}/api/copilotkit`
      expect(await answerTo('hello', runtime, world.token(name))).toContain(`The gateway says you are ${name}`)
      expect(JSON.stringify(toAgent.calls)).not.toContain(world.token(name))
    }
  })

  it('a CopilotKit app gets 401 if the token in its properties is invalid', async () => {
    const refusal = tab.waitForResponse((response) => response.url().endsWith('/agent/default/run'))
    await tab.goto('about:blank')
    await tab.goto(`${page.url}/#multi|${world.token('bob').slice(0, -4)}AAAA`)
    await tab.getByTestId('copilot-chat-textarea').fill('hello')
    await tab.getByTestId('copilot-send-button').click()
    expect((await refusal).status()).toBe(401)
  })
})
