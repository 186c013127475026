import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadAgentPackages } from '../support/agent-packages'
import { startChromium } from '../support/browser'
import { root } from '../support/build'
import { startRuntime } from '../support/copilotkit-runtime'
import { routeOf } from '../support/fixtures'
import type { NodeServer } from '../support/node-server'
import { ready } from '../support/packages'
import { servePage } from '../support/page'
import { openWorld, type World } from '../support/world'

/*
 * The CopilotKit app of docs/front-ends.md: its token changes while a run streams. Address and
 * timer are the test's.
 */

const folder = `node_modules/.cache/sallyport/copilotkit-refresh-${process.pid}`
let agent: NodeServer
let runtime: NodeServer
let page: NodeServer
let world: World
let browser: Browser
let tab: Page

/** The documented app, with a token that the test sets. */
function writeApp(): void {
  const text = readFileSync(path.join(root, 'docs/front-ends.md'), 'utf8')
  const code = /```jsx\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  expect(code).toContain('15_000')
  const at = (name: string) => path.join(root, folder, name)
  mkdirSync(at(''), { recursive: true })
  const runtimeUrl = 'runtimeUrl="http://127.0.0.1:8787/agents/copilot"'
  expect(code).toContain(runtimeUrl)
  writeFileSync(at('app.jsx'), code.replace(runtimeUrl, 'runtimeUrl={location.hash.slice(1)}').replace('15_000', '100'))
  writeFileSync(
    at('token.js'),
    'export const token = async () => globalThis.bearer\nexport const signIn = () => {}\nexport const completeSignIn = async () => {}\n',
  )
  writeFileSync(
    at('main.jsx'),
    "import { createRoot } from 'react-dom/client'\nimport { App } from './app.jsx'\ncreateRoot(document.getElementById('root')).render(<App />)\n",
  )
}

beforeAll(async () => {
  await Promise.all([ready('examples/copilotkit'), ready('examples/ag-ui-agent')])
  const { startAgent } = await import(pathToFileURL(path.join(root, 'examples/ag-ui-agent/agent.ts')).href)
  const [{ HttpAgent }] = await loadAgentPackages('@ag-ui/client')
  agent = await startAgent({ log: () => undefined })
  runtime = await startRuntime({ mode: 'multi-route', agents: { default: new HttpAgent({ url: agent.url }) } })
  writeApp()
  page = await servePage(`${folder}/main.jsx`, ['examples/copilotkit'], {})
  world = await openWorld(({ trust }) => [
    routeOf({ kind: 'copilotkit', origin: { url: `${runtime.url}/api/copilotkit` } }, trust, {
      id: 'copilot',
      path: '/agents/copilot',
      cors: { origins: [page.url] },
    }),
  ])
  browser = await startChromium()
  tab = await browser.newPage()
  tab.setDefaultTimeout(20_000)
}, 600_000)
afterAll(async () => {
  await browser?.close()
  for (const server of [world, page, runtime, agent]) await server?.close()
  rmSync(path.join(root, folder), { recursive: true, force: true })
})

const runs = () => world.gateway.audit.filter(({ operations }) => operations?.includes('run.stream'))
const say = async (text: string) => {
  await tab.getByTestId('copilot-chat-textarea').fill(text)
  await tab.getByTestId('copilot-send-button').click()
}
const shown = () => tab.evaluate('document.body.innerText') as Promise<string>

describe('the CopilotKit app of the documentation', () => {
  it('a CopilotKit run continues to stream while the token changes, and the next run uses the new token', async () => {
    await tab.addInitScript(`globalThis.bearer = ${JSON.stringify(world.token('alice'))}`)
    await tab.goto(`${page.url}/#${world.gateway.url}/agents/copilot`)
    await say('count to 30')
    await expect.poll(shown).toMatch(/1 2 3/)
    await tab.evaluate(`globalThis.bearer = ${JSON.stringify(world.token('bob'))}`)
    await expect.poll(shown, { timeout: 30_000 }).toMatch(/29 30/)
    await expect.poll(() => runs().length).toBe(1)
    expect(runs()[0]).toMatchObject({ status: 200, stream: 'complete', who: { subject: 'alice' } })
    await say('Who am I?')
    await expect.poll(() => runs().length, { timeout: 15_000 }).toBe(2)
    expect(runs()[1]).toMatchObject({ status: 200, stream: 'complete', who: { subject: 'bob' } })
  })
})
