import { request } from 'node:http'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RefusalRow } from '../../src/errors/refusal-row'
import { type RefusalCode, refusals } from '../../src/errors/refusals'
import { loadAgentPackages } from '../support/agent-packages'
import { startChromium } from '../support/browser'
import { root } from '../support/build'
import { startRuntime } from '../support/copilotkit-runtime'
import { policyWithExamples, routeOf } from '../support/fixtures'
import { type NodeServer, startNodeServer } from '../support/node-server'
import { ready } from '../support/packages'
import { servePage } from '../support/page'
import { freePort } from '../support/port'
import { openWorld, type World } from '../support/world'

let agent: NodeServer
let runtime: NodeServer
/** Stands before the runtime. Runs fail as the first segment of the path says; the rest passes. */
let front: NodeServer
let page: NodeServer
let world: World
let browser: Browser
let tab: Page

const infoOnly = policyWithExamples({
  id: 'admins-run',
  allow: [
    { name: 'everybody', operations: ['info'] },
    { name: 'admins', operations: ['*'], when: { role: 'admin' } },
  ],
})

beforeAll(async () => {
  await Promise.all([ready('examples/copilotkit'), ready('examples/ag-ui-agent')])
  const { startAgent } = await import(pathToFileURL(path.join(root, 'examples/ag-ui-agent/agent.ts')).href)
  const [{ HttpAgent }] = await loadAgentPackages('@ag-ui/client')
  agent = await startAgent({ log: () => undefined })
  runtime = await startRuntime({ mode: 'multi-route', agents: { default: new HttpAgent({ url: agent.url }) } })
  front = await startNodeServer((incoming, reply) => {
    const [, how, ...rest] = incoming.url?.split('/') ?? []
    if (rest.at(-1) === 'run') {
      if (how === 'silent') return void incoming.socket.destroy()
      if (how === 'odd') return void reply.writeHead(302, { location: 'http://elsewhere.test/' }).end()
      reply.writeHead(200, { 'content-type': 'text/event-stream' })
      return void reply.end('data: {"type":"RUN_STARTED","threadId":"t1","runId":"r1"}\n\n')
    }
    const { method, headers } = incoming
    const onward = request(`${runtime.url}/${rest.join('/')}`, { method, headers }, (answer) => {
      reply.writeHead(answer.statusCode ?? 0, answer.headers)
      answer.pipe(reply)
    })
    incoming.pipe(onward)
  })
  page = await servePage('test/clients/refused.page.jsx', ['examples/copilotkit'], {})
  const gone = `http://127.0.0.1:${await freePort()}`
  world = await openWorld(({ trust }) => {
    const route = (id: string, more: object = {}, url = `${front.url}/${id}/api/copilotkit`) =>
      routeOf({ kind: 'copilotkit', origin: { url } }, trust, {
        id,
        path: `/${id}`,
        cors: { origins: [page.url] },
        ...more,
      })
    return [
      ...['open', 'silent', 'odd', 'ended'].map((id) => route(id)),
      route('admins', { policies: [infoOnly] }),
      route('gone', {}, gone),
    ]
  })
  browser = await startChromium()
}, 600_000)
afterAll(async () => {
  await browser?.close()
  for (const server of [world, page, front, runtime, agent]) await server?.close()
})

const told = () => tab.evaluate('window.told') as Promise<readonly Record<string, unknown>[]>
/** The requests for this that have arrived, by code. */
const arrived = (operation: string) =>
  world.gateway.audit.filter(({ operations, method }) => method !== 'OPTIONS' && operations?.includes(operation))

async function open(route: string, token: string): Promise<void> {
  await tab?.close()
  tab = await browser.newPage()
  tab.setDefaultTimeout(20_000)
  world.gateway.audit.length = 0
  await tab.goto(`${page.url}/#${encodeURIComponent(`${world.gateway.url}/${route}|${token}`)}`)
}

async function send(route: string): Promise<void> {
  await open(route, world.token('bob'))
  await expect.poll(() => arrived('info').length).toBe(1)
  await tab.getByTestId('copilot-chat-textarea').fill('hello')
}

describe('CopilotKit in Chromium', () => {
  it.each([
    ['token-invalid', 'open', 'no.token.here'],
    ['credential-ambiguous', 'open', 'a, Bearer b'],
    ['route-unknown', 'nowhere', undefined],
    ['origin-unreachable', 'gone', undefined],
  ] as const)(
    'CopilotKit calls onError once for a refused info request, with status and message only: %s',
    async (code, route, token) => {
      await open(route, token ?? world.token('bob'))
      await expect.poll(told).toHaveLength(1)
      const { status, detail } = refusals[code]
      const message = `Runtime info request failed with status ${status}: ${detail}`
      expect(await told()).toEqual([{ code: 'runtime_info_fetch_failed', message, runtimeInfoStatus: status }])
      expect(await tab.textContent('body')).not.toContain(detail)
    },
  )

  it.each([
    ['policy-denied', 'admins'],
    ['origin-reply-refused', 'odd'],
    ['origin-unreachable', 'silent'],
  ] as const satisfies readonly [RefusalCode, string][])(
    'CopilotKit calls onError twice for a refused run, with the body of the refusal, and requests info again: %s',
    async (code, route) => {
      await send(route)
      await tab.getByTestId('copilot-send-button').click()
      await expect.poll(() => arrived('info').length).toBe(2)
      const { status, detail, retryAfter }: RefusalRow = refusals[code]
      const payload = { code, detail, requestId: expect.any(String), ...(retryAfter && { retryAfter }) }
      await expect.poll(told).toMatchObject([
        { code: 'agent_run_failed_event', status, payload },
        { code: 'agent_run_failed', status, payload },
      ])
      expect(arrived('run.stream').map((line) => line.code)).toEqual([code])
      expect(await tab.textContent('body')).not.toContain(detail)
    },
  )

  it('CopilotKit calls onError once for an unfinished run, with the refusal code in the context', async () => {
    await send('ended')
    await tab.getByTestId('copilot-send-button').click()
    await expect.poll(told).toHaveLength(1)
    const message = 'The agent ended the stream before the run was complete.'
    expect(await told()).toEqual([{ code: 'agent_run_error_event', message, inStream: 'origin-unended' }])
  })
})
