import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChromium } from '../support/browser'
import { root } from '../support/build'
import { type Started, startEverything } from '../support/started'

let started: Started
let browser: Browser
let page: Page

beforeAll(async () => {
  started = await startEverything()
  browser = await startChromium()
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  page.setDefaultTimeout(20_000)
}, 300_000)
afterAll(async () => {
  await browser?.close()
  await started?.stop()
})

const at = (id: string) => page.getByTestId(id)

async function signIn(person: 'alice' | 'bob'): Promise<void> {
  await page.waitForSelector('body[data-ready]')
  await at((await at('sign-in').isVisible()) ? 'sign-in' : 'switch-person').click()
  await at(`sign-in-${person}`).click()
  await page.waitForSelector('body[data-ready]')
  await expect.poll(() => at('person').textContent()).toMatch(new RegExp(person, 'i'))
}

async function say(agent: 'langgraph' | 'ag-ui', message: string): Promise<string> {
  await page.locator(`label:has(input[name=agent][value=${agent}])`).click()
  const replies = await at('reply').count()
  await at('message').fill(message)
  await at('send').click()
  const reply = at('reply').nth(replies)
  await reply.waitFor()
  await expect.poll(() => reply.getAttribute('data-state')).toBe('complete')
  return (await reply.textContent()) ?? ''
}

const shoot = (name: string) =>
  page.screenshot({ path: path.join(root, 'node_modules/.cache/sallyport/screenshots', `${name}.png`) })

describe('the page of npm start', () => {
  it.each(['langgraph', 'ag-ui'] as const)(
    'alice signs in and streams a reply from %s; no token arrives there, and a verified identity does',
    async (agent) => {
      await page.goto(started.page)
      await signIn('alice')
      expect(await say(agent, 'Who am I?')).toMatch(/alice/i)
      await expect.poll(() => at('mark-no-token').getAttribute('data-state')).toBe('ok')
      await expect.poll(() => at('mark-verified').getAttribute('data-state')).toBe('ok')
      expect(await page.locator('[data-claim=sub]').first().textContent()).toContain('alice')
      expect(await at('sent-headers').textContent()).toContain('authorization')
      await shoot(`alice-${agent}`)
    },
  )

  it('streams word by word, and stops when told to', async () => {
    await page.locator('label:has(input[name=agent][value=ag-ui])').click()
    const replies = await at('reply').count()
    await at('message').fill('count to 50')
    await at('send').click()
    const reply = at('reply').nth(replies)
    await expect.poll(async () => (await reply.textContent()) ?? '').toMatch(/1 2/)
    expect(await reply.getAttribute('data-state')).toBe('streaming')
    await at('stop').click()
    await expect.poll(() => reply.getAttribute('data-state')).toBe('stopped')
    expect(await reply.textContent()).not.toContain('50')
  })

  it('X7: what a person claims to be in the body does not arrive', async () => {
    await at('forge').check()
    await say('ag-ui', 'Am I the ceo?')
    await expect.poll(async () => (await at('received-body').textContent()) ?? '').toContain('alice')
    expect(await at('sent-body').textContent()).toContain('ceo')
    const received = JSON.parse((await at('received-body').textContent()) ?? '{}') as {
      state: { auth_user: { role: string } }
    }
    expect(received.state.auth_user.role).toBe('admin')
    await at('forge').uncheck()
  })

  it('bob is refused what only alice may do, with a clear message, and the agent hears nothing of it', async () => {
    await signIn('bob')
    expect(await say('langgraph', 'Who am I?')).toMatch(/bob/i)
    await at('delete-thread').click()
    await at('refusal').waitFor()
    expect(await at('refusal').getAttribute('data-status')).toBe('403')
    expect(await at('refusal').textContent()).toContain('Not permitted')
    await at('mark-nothing').waitFor()
    await shoot('bob-refused')
    await signIn('alice')
    expect(await say('langgraph', 'Who am I?')).toMatch(/alice/i)
    await at('delete-thread').click()
    await expect
      .poll(async () => at('exchanges').locator('[data-outcome]').last().textContent())
      .toMatch(/DELETE.*2\d\d/)
  })
})
