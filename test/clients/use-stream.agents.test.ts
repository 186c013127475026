import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChromium } from '../support/browser'
import { policyWithExamples, routeOf } from '../support/fixtures'
import { type LangGraphServer, startLangGraphServer } from '../support/langgraph-server'
import type { NodeServer } from '../support/node-server'
import { ready } from '../support/packages'
import { servePage } from '../support/page'
import { freePort } from '../support/port'
import { openWorld, type World } from '../support/world'

let server: LangGraphServer
let world: World
let page: NodeServer
let browser: Browser
let tab: Page

/** The operations of a chat, and nothing beside them. */
const chatOnly = policyWithExamples({
  id: 'chat-only',
  allow: [{ name: 'chat', operations: ['threads.*', 'run.stream'] }],
  deny: [{ name: 'nobody deletes threads', operations: ['threads.delete'] }],
})

beforeAll(async () => {
  await Promise.all([ready('test/clients'), ready('examples/copilotkit')])
  server = await startLangGraphServer()
  const port = await freePort()
  const API_URL = `http://127.0.0.1:${port}/agents/langgraph`
  page = await servePage('test/clients/use-stream.page.jsx', ['test/clients', 'examples/copilotkit'], { API_URL })
  world = await openWorld(
    ({ trust }) => [
      routeOf({ kind: 'langgraph', origin: { url: server.url } }, trust, {
        policies: [chatOnly],
        cors: { origins: [page.url] },
      }),
    ],
    { port },
  )
  browser = await startChromium()
  tab = await browser.newPage()
  tab.setDefaultTimeout(20_000)
}, 600_000)
afterAll(async () => {
  await browser?.close()
  await page?.close()
  await world?.close()
  await server?.close()
})

const at = (id: string) => tab.getByTestId(id)

describe('useStream of LangGraph in Chromium', () => {
  it('useStream sends a second message during the first answer with only threads.* and run.stream', async () => {
    await tab.goto(`${page.url}/#${world.token('alice')}`)
    await at('slow').click()
    await expect.poll(() => at('messages').textContent(), { timeout: 20_000 }).toContain('5 ')
    expect(await at('state').textContent()).toBe('streams')
    await at('hello').click()
    const answered = () => at('messages').locator('li').last().textContent()
    await expect.poll(answered, { timeout: 30_000 }).toMatch(/^ai: .*hello/)
    await expect.poll(() => at('state').textContent(), { timeout: 20_000 }).toBe('idle')
    expect(await at('failure').textContent()).toBe('')
    const operations = new Set(
      world.gateway.audit.filter(({ status }) => status < 400).flatMap(({ operations = [] }) => operations),
    )
    expect([...operations].filter((name) => name.startsWith('run.'))).toEqual(['run.stream'])
    expect(world.gateway.audit.filter(({ outcome }) => outcome === 'refused')).toEqual([])
  })
})
