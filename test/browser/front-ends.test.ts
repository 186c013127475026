import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import type { Browser, Page, Request } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startChromium } from '../support/browser'
import { root } from '../support/build'
import { type DevProject, startDevProject } from '../support/dev-project'
import { type NodeServer, startNodeServer } from '../support/node-server'

/*
 * The exact code of docs/front-ends.md, except for addresses, in a page on http://localhost.
 */

let project: DevProject
let site: NodeServer
let browser: Browser
let page: Page
/** The same with main.js of the document. */
let whole: NodeServer

/** The module with the test's own lines. */
const MAIN = `
import { ask } from './ask.js'
import { events } from './events.js'
import { completeSignIn, signIn, token } from './token.js'
Object.assign(globalThis, { ask, events, signIn, token })
completeSignIn().then(
  () => { document.title = 'ready' },
  (error) => { document.title = error.message },
)
`

async function bundle(provider: string, gateway: string): Promise<Record<'page' | 'whole', string>> {
  const text = readFileSync(path.join(root, 'docs/front-ends.md'), 'utf8')
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-front-end-'))
  try {
    const blocks = [...text.matchAll(/```js\n\/\/ (\w+\.js)\n([\s\S]*?)```/g)]
    expect(blocks.map(([, name]) => name)).toEqual(['token.js', 'ask.js', 'events.js', 'main.js'])
    for (const [, name = '', code = ''] of blocks)
      writeFileSync(path.join(folder, name), code.replaceAll('http://127.0.0.1:8788', provider))
    const main = blocks.at(-1)?.[2]?.replace('http://127.0.0.1:8787/agents/support', `${gateway}/agents/notes`) ?? ''
    writeFileSync(path.join(folder, 'main.js'), main)
    writeFileSync(path.join(folder, 'page.js'), MAIN)
    writeFileSync(
      path.join(folder, 'whole.js'),
      "import { say } from './main.js'\nglobalThis.say = say\ndocument.title = 'ready'\n",
    )
    const { outputFiles } = await build({
      entryPoints: { page: path.join(folder, 'page.js'), whole: path.join(folder, 'whole.js') },
      outdir: folder,
      bundle: true,
      format: 'esm',
      write: false,
      nodePaths: [path.join(root, 'node_modules')],
    })
    const of = (name: string) => outputFiles.find((file) => file.path.endsWith(`${name}.js`))?.text ?? ''
    return { page: of('page'), whole: of('whole') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A page on http://localhost that has one script. */
async function serve(script: string): Promise<NodeServer> {
  const served = await startNodeServer((request, response) => {
    const isScript = request.url === '/main.js'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
    response.end(
      isScript ? script : '<!doctype html><title>waits</title><script type="module" src="/main.js"></script>',
    )
  })
  return { ...served, url: served.url.replace('127.0.0.1', 'localhost') }
}

beforeAll(async () => {
  project = await startDevProject()
  const { house, dev } = project
  const scripts = await bundle(dev.provider, dev.gateway)
  site = await serve(scripts.page)
  whole = await serve(scripts.whole)
  const cors = `cors: { origins: ['${site.url}', '${whole.url}'] }, trust:`
  for (const name of ['notes', 'desk', 'support'])
    house.write(`routes/${name}.ts`, house.read(`routes/${name}.ts`).replace('trust:', cors))
  await dev.printed(/Loaded .*cors of route support/)
  browser = await startChromium()
  page = await browser.newPage()
  page.setDefaultTimeout(20_000)
  // The new configuration reaches the gateway a moment after it is printed.
  const allowed = async () => {
    const reply = await fetch(`${dev.gateway}/agents/support/info`, { headers: { origin: site.url } })
    return reply.headers.get('access-control-allow-origin') === site.url
  }
  for (let waited = 0; !(await allowed()) && waited < 15_000; waited += 200) await sleep(200)
}, 300_000)
afterAll(async () => {
  await browser?.close()
  await site?.close()
  await whole?.close()
  await project?.close()
})

const inPage = <Result>(code: string): Promise<Result> => page.evaluate(`(async () => { ${code} })()`)
const notes = () => JSON.stringify(`${project.dev.gateway}/agents/notes`)
const runOf = (text: string) =>
  JSON.stringify({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      threadId: crypto.randomUUID(),
      runId: crypto.randomUUID(),
      messages: [{ id: 'm', role: 'user', content: text }],
      tools: [],
      context: [],
      state: {},
    }),
  })
const talk = (text: string) =>
  inPage<string>(`
    let said = ''
    for await (const { data } of events(await ask(${notes()}, ${runOf(text)}))) said += data.delta ?? ''
    return said`)

async function signIn(person: string): Promise<void> {
  await page.evaluate('signIn()')
  await page.getByTestId(`sign-in-${person}`).click()
  await page.waitForURL(`${site.url}/**`)
  await expect.poll(() => page.title()).toBe('ready')
}

describe('pages built from docs/front-ends.md', () => {
  it('a page that sends no token reads status, code and request id of the refusal', async () => {
    await page.goto(site.url)
    await expect.poll(() => page.title()).toBe('ready')
    const refusal = await inPage(`
      try { await ask(${notes()}, ${runOf('hello')}) } catch ({ status, code, requestId }) { return { status, code, requestId } }`)
    expect(refusal).toEqual({ status: 401, code: 'token-missing', requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  })

  it('a page signs in with code and PKCE at the local identity provider, and streams an answer', async () => {
    await signIn('carol')
    expect(await talk('Who am I?')).toMatch(/Carol/)
    expect(await page.evaluate('location.search')).toBe('')
  })

  it('a page receives events one by one, and the stream stops when the page aborts it', async () => {
    const heard = await inPage<number>(`
      const stop = new AbortController()
      let count = 0
      try {
        for await (const { data } of events(await ask(${notes()}, { ...${runOf('count to 50')}, signal: stop.signal })))
          if (data.type === 'TEXT_MESSAGE_CONTENT' && ++count === 3) stop.abort()
      } catch {}
      return count`)
    expect(heard).toBeGreaterThanOrEqual(3)
    expect(heard).toBeLessThan(40)
  })

  it('a page replaces an expired token once, and two requests share one refresh', async () => {
    const expired = await fetch(new URL('/token', project.dev.page), {
      method: 'POST',
      headers: { origin: new URL(project.dev.page).origin },
      body: JSON.stringify({ person: 'carol', isExpired: true }),
    })
    const { token } = (await expired.json()) as { token: string }
    let refreshes = 0
    const count = (request: Request) => {
      if (request.url() === `${project.dev.provider}/token` && request.method() === 'POST') refreshes++
    }
    page.on('request', count)
    let sent = 0
    await page.route('**/agents/notes', (route) => {
      if (route.request().method() !== 'POST' || ++sent > 2) return route.continue()
      return route.continue({ headers: { ...route.request().headers(), authorization: `Bearer ${token}` } })
    })
    const [one, two] = await Promise.all([talk('Who am I?'), talk('Who am I?')])
    await page.unroute('**/agents/notes')
    page.off('request', count)
    expect([one, two]).toEqual([expect.stringMatching(/Carol/), expect.stringMatching(/Carol/)])
    expect([sent, refreshes]).toEqual([4, 1])
  })

  it('a page gets a new token shortly before the token expires', async () => {
    const before = await inPage<string>('return token()')
    expect(await inPage('return token()')).toBe(before)
    await page.evaluate('{ const now = Date.now; Date.now = () => now() + 3_590_000 }')
    expect(await inPage('return token()')).not.toBe(before)
  })

  it('a page reads status 403, code and message if the policy denies the operation', async () => {
    const close = JSON.stringify(`${project.dev.gateway}/agents/desk/tickets/7/close`)
    const init = `{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }`
    const refusal = await inPage(`
      try { await ask(${close}, ${init}) } catch ({ status, code, message }) { return { status, code, message } }`)
    expect(refusal).toEqual({
      status: 403,
      code: 'policy-denied',
      message: 'You are signed in, but the policy of this route does not permit this operation.',
    })
  })

  it('a page that stops reading a LangGraph stream continues it with Last-Event-ID', async () => {
    const base = JSON.stringify(`${project.dev.gateway}/agents/support`)
    const answer = await inPage<{ first: number; all: string }>(`
      const post = (path, body) => ask(${base} + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
      const { thread_id } = await (await post('/threads', {})).json()
      const reply = await post('/threads/' + thread_id + '/runs/stream', {
        assistant_id: 'agent', stream_mode: ['values'], stream_resumable: true, on_disconnect: 'continue',
        input: { messages: [{ role: 'user', content: 'Who am I?' }] },
      })
      let last
      for await (const event of events(reply)) { last = event.id; break }
      const at = reply.headers.get('content-location')
      const more = await ask(${base} + at + '/stream', { headers: { 'last-event-id': last } })
      let all = ''
      let first = -1
      for await (const { id, data } of events(more)) { if (first < 0) first = Number(id); all += JSON.stringify(data) }
      return { first, all }`)
    expect(answer.all).toMatch(/Carol/)
  })

  it('a page with main.js of docs/front-ends.md signs a person in and chats', async () => {
    const other = await browser.newPage()
    try {
      await other.goto(whole.url)
      await other.getByTestId('sign-in-dora').click()
      await expect.poll(() => other.title()).toBe('ready')
      expect(await other.evaluate("say('Who am I?')")).toMatch(/Dora/)
    } finally {
      await other.close()
    }
  })

  it('a page that CORS does not list cannot fetch, and the terminal prints cors-origin-refused', async () => {
    const other = site.url.replace('localhost', '127.0.0.1')
    const stranger = await browser.newPage()
    try {
      await stranger.goto(other)
      await expect.poll(() => stranger.title()).toBe('ready')
      const failed = await stranger.evaluate(`ask(${notes()}, ${runOf('hi')}).catch((error) => error.message)`)
      expect(failed).toBe('Failed to fetch')
      expect(await project.dev.printed(/cors-origin-refused/)).toContain(
        `found the page ${other}, expected ${site.url}`,
      )
    } finally {
      await stranger.close()
    }
  })
})
