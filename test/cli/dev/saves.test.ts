import { rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DevProject, startDevProject } from '../../support/dev-project'

/* Saves that break a project in many ways, while somebody uses its gateway. */

let project: DevProject
let isRunning = true
let asked: Promise<void>
const answers: { readonly status: number; readonly ms: number }[] = []

beforeAll(async () => {
  project = await startDevProject()
  const token = await project.dev.token('carol')
  const ask = async (): Promise<void> => {
    const started = performance.now()
    const reply = await fetch(`${project.dev.gateway}/agents/desk/tickets`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(20_000),
    })
    await reply.text()
    answers.push({ status: reply.status, ms: performance.now() - started })
  }
  asked = (async () => {
    while (isRunning) {
      await ask()
      await sleep(50)
    }
  })()
}, 300_000)
afterAll(async () => {
  isRunning = false
  await project?.close()
})

interface Broken {
  readonly name: string
  readonly file: string
  /** The file's new text; undefined removes it. */
  readonly to: (text: string) => string | undefined
  /** Words of the fault that is printed. */
  readonly told: string
}

const broken: readonly Broken[] = [
  {
    name: 'a file that is no TypeScript',
    file: 'routes/desk.ts',
    to: (text) => `${text} const = `,
    told: 'routes/desk.ts:',
  },
  {
    name: 'a misspelt field',
    file: 'routes/desk.ts',
    to: (text) => text.replace('trust:', 'trst:'),
    told: 'Did you mean "trust"?',
  },
  { name: 'an empty file', file: 'routes/desk.ts', to: () => '', told: 'routes/index.ts [2]' },
  { name: 'a missing file', file: 'routes/desk.ts', to: () => undefined, told: 'Could not resolve "./desk"' },
  {
    name: 'a route twice',
    file: 'routes/index.ts',
    to: (text) => text.replace('[support,', '[support, support,'),
    told: 'overlaps',
  },
  {
    name: 'a name that nothing imports',
    file: 'routes/index.ts',
    to: (text) => text.replace('[support,', '[sales, support,'),
    told: 'sales, which nothing imports',
  },
  {
    name: 'a list of routes that is a text',
    file: 'routes/index.ts',
    to: (text) => text.replace(/\[.*\]/, '"all"'),
    told: 'the list of all routes',
  },
  {
    name: 'an error as it is loaded',
    file: 'policies/talk.ts',
    to: (text) => `${text}\nthrow new Error('on purpose')\n`,
    told: 'on purpose',
  },
  {
    name: 'a Worker that does not start',
    file: 'src/index.ts',
    to: (text) => `${text}\nthrow new TypeError('only in workerd')\n`,
    told: 'only in workerd',
  },
  {
    name: 'an operation that does not exist',
    file: 'policies/talk.ts',
    to: (text) => text.replace("'ticket.list'", "'ticket.lst'"),
    told: '"ticket.lst"',
  },
  {
    name: 'an issuer without an audience',
    file: 'policies/login.ts',
    to: (text) => text.replace("audience: ['agents'], ", ''),
    told: 'audience',
  },
  {
    name: 'a variable without its value',
    file: '.dev.vars',
    to: (text) => text.replace(/DESK_URL=.*\n/, 'DESK_URL=ftp://desk\n'),
    told: 'ftp://desk',
  },
  { name: 'people that are no list', file: 'people.json', to: () => '{ "sub": "carol" }', told: 'people.json' },
  { name: 'agents that are no object', file: 'dev.json', to: () => '{ "agents": [', told: 'dev.json' },
  {
    name: "wrangler's file with a mistake",
    file: 'wrangler.toml',
    to: (text) => `${text}\nname = \n`,
    told: 'wrangler.toml',
  },
]

describe('faulty saves', () => {
  it.each(broken)(
    'after a save with $name, sallyport dev prints the fault once and keeps the last good configuration',
    async ({ file, to, told }) => {
      const { house, dev } = project
      const before = house.read(file)
      const from = dev.output().length
      const since = () => dev.output().slice(from)
      const goneOn = () =>
        since().split(`The gateway keeps running with the last good configuration, without ${file}`).length - 1
      const text = to(before)
      if (text === undefined) rmSync(path.join(house.root, file))
      else house.write(file, text)
      try {
        await expect.poll(goneOn, { timeout: 15_000 }).toBe(1)
        expect(since()).toContain(told)
        // Saved again as it is, by an editor that writes often.
        if (text !== undefined) house.write(file, text)
        await sleep(600)
        expect(goneOn()).toBe(1)
      } finally {
        house.write(file, before)
      }
      await expect.poll(() => since().split(`Loaded ${file}`).length - 1, { timeout: 15_000 }).toBe(1)
    },
  )

  it('during faulty saves, the gateway answers every request with 200 from the last good configuration', async () => {
    isRunning = false
    await asked
    expect(answers.length).toBeGreaterThan(50)
    expect([...new Set(answers.map(({ status }) => status))]).toEqual([200])
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(15_000)
  })

  it('sallyport dev loads a good save after faulty saves, and prints what changed', async () => {
    const { house, dev } = project
    const [index, talk] = [house.read('routes/index.ts'), house.read('policies/talk.ts')]
    house.write('policies/talk.ts', talk.replace("'ticket.list'", "'ticket.list', 'ticket.close'"))
    await dev.printed(/Loaded policies\/talk\.ts: policies of route support;.*policies of route desk/)
    const headers = { authorization: `Bearer ${await dev.token('carol')}`, 'content-type': 'application/json' }
    const close = () => fetch(`${dev.gateway}/agents/desk/tickets/7/close`, { method: 'POST', headers, body: '{}' })
    await expect.poll(async () => (await close()).status, { timeout: 15_000 }).toBe(200)
    house.write('routes/index.ts', index.replace(', absent]', ']'))
    await dev.printed(/Loaded routes\/index\.ts: route absent is gone/)
    house.write('routes/index.ts', index)
    await dev.printed(/Loaded routes\/index\.ts: route absent is new/)
  })
})
