import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startChromium } from '../support/browser'
import { root } from '../support/build'
import { type DevProject, startDevProject } from '../support/dev-project'

/*
 * The page of `sallyport dev`, in Chromium, over a project with routes, people and a provider of
 * its own.
 */

let project: DevProject
let browser: Browser
let page: Page

beforeAll(async () => {
  project = await startDevProject()
  browser = await startChromium()
}, 300_000)
afterAll(async () => {
  await browser?.close()
  await project?.close()
})
beforeEach(async () => {
  await page?.close()
  page = await browser.newPage({ viewport: { width: 1280, height: 850 } })
  page.setDefaultTimeout(20_000)
  await page.goto(project.dev.page)
  await page.waitForSelector('body[data-ready]')
})

const at = (id: string) => page.getByTestId(id)
const tabOf = (route: string) => page.locator(`#routes [data-route=${route}]`)
const shoot = (name: string) =>
  page.screenshot({ path: path.join(root, 'node_modules/.cache/sallyport/screenshots', `${name}.png`) })
const open = (route: string) => tabOf(route).click()
const become = (person: string) => at('person').selectOption(person)

/** Waits for the reply that comes next, and gives it once it has ended. */
async function replyTo(act: () => Promise<unknown>): Promise<string> {
  const replies = await at('reply').count()
  await act()
  const reply = at('reply').nth(replies)
  await reply.waitFor()
  await expect.poll(() => reply.getAttribute('data-state')).toBe('complete')
  return (await reply.textContent()) ?? ''
}

const say = (message: string) =>
  replyTo(async () => {
    await at('message').fill(message)
    await at('send').click()
  })

/** Waits for the refusal that comes next. */
async function refusalOf(act: () => Promise<unknown>): Promise<{ status: string | null; text: string; why: string }> {
  const refusals = await at('refusal').count()
  await act()
  const refusal = at('refusal').nth(refusals)
  await refusal.waitFor()
  await refusal.getByTestId('why').first().waitFor()
  return {
    status: await refusal.getAttribute('data-status'),
    text: (await refusal.textContent()) ?? '',
    why: (await refusal.getByTestId('why').allTextContents()).join(' '),
  }
}

const tick = (name: string) => expect.poll(() => at(`mark-${name}`).getAttribute('data-state'), { message: name })
const tryAround = async () => {
  if (!(await at('forge').isVisible())) await at('attempts').locator('summary').click()
}

describe('page of sallyport dev', () => {
  it('the dev page has a tab for each route of the project, and opens the first usable route', async () => {
    expect(await page.locator('#routes button').count()).toBe(5)
    expect(await tabOf('support').getAttribute('aria-pressed')).toBe('true')
    expect(await tabOf('absent').textContent()).toContain('not running')
    expect(await at('first').textContent()).toBe('Ask “Who am I?” as carol')
    await shoot('page-first')
  })

  it('after the first click, the dev page shows an answer with the name of the person, a verified identity and no token', async () => {
    expect(await replyTo(() => at('first').click())).toMatch(/Carol/)
    await tick('no-token').toBe('ok')
    await tick('verified').toBe('ok')
    expect(await page.locator('[data-claim=sub]').first().textContent()).toBe('local:carol')
    expect(await at('sent-headers').textContent()).toContain('stays at the gateway')
    await shoot('page-asked')
  })

  it('the dev page streams an answer word by word, and stops it on request', async () => {
    await open('notes')
    await at('message').fill('count to 50')
    await at('send').click()
    const reply = at('reply').first()
    await expect.poll(async () => (await reply.textContent()) ?? '').toMatch(/1 2/)
    expect(await reply.getAttribute('data-state')).toBe('streaming')
    await at('stop').click()
    await expect.poll(() => reply.getAttribute('data-state')).toBe('stopped')
    expect(await reply.textContent()).not.toContain('50')
  })

  it.each(['support', 'notes'])(
    'the dev page shows that a forged identity did not reach the agent of %s (X7)',
    async (route) => {
      await open(route)
      await tryAround()
      await at('forge').check()
      await say('Am I the ceo?')
      await tick('forged').toBe('ok')
      expect(await at('sent-body').textContent()).toContain('"ceo"')
      await shoot(`page-forged-${route}`)
    },
  )

  it('the dev page shows that another person gets 404 for a thread', async () => {
    await say('Who am I?')
    await tryAround()
    const { status, why } = await refusalOf(() => at('as-other').click())
    expect([status, why]).toEqual(['404', expect.stringContaining('another person started it')])
    expect(await at('note').last().textContent()).toBe('You are dora now, in the thread that carol used.')
    await at('mark-nothing').waitFor()
    await shoot('page-as-other')
  })

  it('the dev page explains that the same thread id means a different thread for each person', async () => {
    await open('notes')
    await say('Who am I?')
    await at('ids').waitFor()
    expect(await at('ids').textContent()).toContain('belongs to carol alone')
    await tryAround()
    expect(await replyTo(() => at('as-other').click())).toMatch(/Dora/)
    expect(await at('other-thread').first().textContent()).toMatch(/^for carol it was [0-9a-f-]{36}$/)
  })

  it('the dev page sends an expired token on a click, and says when the token expired and what to do', async () => {
    await tryAround()
    const { status, text, why } = await refusalOf(async () => {
      await say('hello')
      await at('expired').click()
    })
    expect(status).toBe('401')
    expect(text).toContain('Token expired')
    expect(why).toMatch(/Found 20\d\d-.*expected later than 20\d\d-.*Get a fresh token/)
    await shoot('page-expired')
  })

  it('the dev page sends a request without a person, which gets 401 token-missing', async () => {
    await become('nobody')
    const { status, text } = await refusalOf(() => at('first').click())
    expect([status, text]).toEqual(['401', expect.stringContaining('token-missing')])
  })

  it('the dev page has a form for a route without chat, and says which role a refused person lacks', async () => {
    await open('desk')
    expect([await at('method').inputValue(), await at('path').inputValue()]).toEqual(['GET', '/tickets'])
    expect(await replyTo(() => at('send').click())).toContain('"ok": true')
    await expect.poll(() => at('received-request').textContent()).toBe('GET /tickets')
    await tick('verified').toBe('ok')
    await at('method').selectOption('POST')
    await at('path').fill('/tickets/7/close')
    await at('body').fill('{"reason":"done"}')
    const { status, why } = await refusalOf(() => at('send').click())
    expect([status, why]).toEqual([
      '403',
      expect.stringMatching(/ticket\.close.*talk.*role.*found roles member.*expected role chief/i),
    ])
    await shoot('page-denied')
    await become('dora')
    expect(await replyTo(() => at('send').click())).toContain('"ok": true')
    await expect.poll(() => at('received-request').textContent()).toBe('POST /tickets/7/close')
  })

  it('the dev page accepts a pasted token of an identity provider, and does not store or show it', async () => {
    const token = await project.company.token('bob')
    await become('a pasted token')
    await at('pasted').fill(`Bearer ${token}`)
    await at('use-pasted').click()
    expect(await say('Who am I?')).toMatch(/Bob/)
    expect(await page.locator('[data-claim=sub]').first().textContent()).toBe('bob')
    expect(await page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])')).not.toContain('eyJ')
    expect(await page.evaluate('document.body.innerText')).not.toContain(token)
  })

  it('the dev page warns of a route to an agent in production, where local people get 401', async () => {
    await open('billing')
    expect(await at('warning').allTextContents()).toEqual(
      expect.arrayContaining([expect.stringContaining('The address of this agent is the one in production')]),
    )
    const { status, why } = await refusalOf(() => at('first').click())
    expect([status, why]).toEqual(['401', expect.stringMatching(/issuer/i)])
  })

  it('the dev page says that an agent is not running, and that a request with status 502 did not reach the agent', async () => {
    await open('absent')
    expect(await at('warning').first().textContent()).toContain('Nothing listens at')
    const { status } = await refusalOf(() => at('first').click())
    expect(status).toBe('502')
    await at('mark-not-arrived').waitFor()
  })

  it('the dev page shows a saved route and removes a deleted route without a reload', async () => {
    const { house } = project
    const before = house.read('routes/index.ts')
    house.write(
      'routes/fresh.ts',
      house.read('routes/notes.ts').replaceAll('notes', 'fresh').replace('NOTES_URL', 'NOTES_URL'),
    )
    house.write(
      'routes/index.ts',
      before.replace('export default [', "import fresh from './fresh'\nexport default [fresh, "),
    )
    try {
      await tabOf('fresh').waitFor()
      await open('fresh')
      await expect.poll(() => say('Who am I?').catch(() => ''), { timeout: 20_000 }).toMatch(/Carol/)
    } finally {
      house.write('routes/index.ts', before)
    }
    await expect.poll(() => tabOf('fresh').count(), { timeout: 15_000 }).toBe(0)
  })

  it.each(['light', 'dark'] as const)('the dev page fits on a phone in %s mode', async (colorScheme) => {
    const phone = await browser.newPage({ viewport: { width: 390, height: 844 }, colorScheme })
    try {
      await phone.goto(project.dev.page)
      await phone.getByTestId('first').click()
      await phone.getByTestId('mark-verified').waitFor()
      const [width, all] = (await phone.evaluate('[innerWidth, document.documentElement.scrollWidth]')) as number[]
      expect(all).toBeLessThanOrEqual(width ?? 0)
      const sent = await phone.getByTestId('sent').boundingBox()
      const received = await phone.getByTestId('received').boundingBox()
      expect(received?.y).toBeLessThan(sent?.y ?? 0)
      const name = path.join(root, 'node_modules/.cache/sallyport/screenshots', `page-phone-${colorScheme}.png`)
      await phone.screenshot({ path: name, fullPage: true })
    } finally {
      await phone.close()
    }
  })
})
