import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { root } from '../support/build'
import { ready } from '../support/packages'

/* The documentation site, built as it is deployed. */

const site = path.join(root, 'site')
const dist = path.join(site, '.vitepress/dist')
const pages = new Map<string, string>()

beforeAll(async () => {
  await ready('site')
  for (const script of ['pages.js', 'node_modules/vitepress/bin/vitepress.js']) {
    const args = script === 'pages.js' ? [script] : [script, 'build']
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: site, encoding: 'utf8' })
    if (status !== 0) throw new Error(stdout + stderr)
  }
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.html')) pages.set(name, readFileSync(path.join(dist, name), 'utf8'))
}, 240_000)

/** Whether the site has this address, and the heading that it names. */
function isThere(from: string, href: string): boolean {
  const { pathname, hash } = new URL(href, `https://site.test/${from}`)
  const at = pathname.slice(1)
  const name = [at, `${at}.html`, path.posix.join(at, 'index.html')].find((each) => pages.has(each))
  if (name === undefined) return at !== '' && existsSync(path.join(dist, at))
  return hash === '' || pages.get(name)?.includes(` id="${decodeURIComponent(hash.slice(1))}"`) === true
}

describe('the documentation site', () => {
  it.each(['index', 'docs/start', 'docs/comparison', 'docs/route-members', 'docs/agents/langgraph', 'SECURITY'])(
    'the documentation site has the page %s',
    (name) => {
      expect(pages.get(`${name}.html`)).toContain('<h1 id="')
    },
  )

  it('the documentation site has only links to pages and headings that exist', () => {
    const links = [...pages].flatMap(([from, html]) =>
      [...html.matchAll(/<a [^>]*href="((?!\w+:|\/\/)[^"]*)"/g)].map(([, href = '']) => ({ from, href })),
    )
    expect(links.length).toBeGreaterThan(500)
    // Files of the repository, such as tests and folders of examples, are not part of the site.
    const own = links.filter(
      ({ href }) => !/\/(?:src|test|bench|examples|verifiers|\.github)\/|LICENSE|NOTICE/.test(href),
    )
    expect(own.filter(({ from, href }) => !isThere(from, href))).toEqual([])
  })

  it('the documentation site shows members of a route from the schema', () => {
    const html = pages.get('docs/route-members.html') ?? ''
    for (const member of [
      'agent.kind',
      'cors.origins',
      'limits.runSeconds',
      'trust.audience',
      'policies.allow.operations',
    ])
      expect(html).toContain(`<code>${member}</code>`)
  })
})
