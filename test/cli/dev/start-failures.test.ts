import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { isFreePort } from '../../../src/cli/free-port'
import { root } from '../../support/build'
import { linkPackage, threeFreePorts } from '../../support/dev'
import { type House, openHouse } from '../../support/house'
import { freePort } from '../../support/port'

/*
 * `sallyport dev` where it cannot start: it says why, ends with code 1, and leaves nothing behind.
 */

let house: House
let port: number
/** A port of an agent that dev.json starts. */
let agent: number

beforeAll(() => {
  house = openHouse()
  linkPackage(house.root)
})
afterAll(() => house?.close())
beforeEach(async () => {
  port = await threeFreePorts()
  agent = await freePort()
  house.write('.dev.vars', '')
})

const listening = `node -e "require('net').createServer().listen(process.env.PORT,'127.0.0.1')"`

async function start(): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [path.join(root, 'src/cli/run.mjs'), 'dev', '--port', String(port)], {
    cwd: house.root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SUPPORT_URL: `http://127.0.0.1:${agent}` },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
  const [code] = await once(child, 'exit')
  return { code, output }
}

async function leavesNothing(): Promise<void> {
  for (const each of [port, port + 1, port + 2, agent]) expect([each, await isFreePort(each)]).toEqual([each, true])
}

describe('sallyport dev', () => {
  it('sallyport dev starts no agent if an agent in dev.json has no route', async () => {
    house.write('dev.json', JSON.stringify({ agents: { support: { command: listening }, typo: { command: 'true' } } }))
    const { code, output } = await start()
    house.write('dev.json', '{}')
    expect([code, output]).toEqual([1, expect.stringContaining('dev.json  agents.typo')])
    expect(output).not.toContain('Starting the agent')
    await leavesNothing()
  }, 60_000)

  it('sallyport dev fails and names the folder of an agent if the folder does not exist', async () => {
    house.write('dev.json', JSON.stringify({ agents: { support: { command: listening, folder: '../gone' } } }))
    const { code, output } = await start()
    house.write('dev.json', '{}')
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/agents\.support\.folder\n +found +.*gone, which does not exist/),
    ])
    await leavesNothing()
  }, 60_000)

  it('sallyport dev stops its agents if the Worker does not start, and prints the output of the Worker', async () => {
    const entry = house.read('src/index.ts')
    house.write('dev.json', JSON.stringify({ agents: { support: { command: listening } } }))
    house.write('src/index.ts', `${entry}\nthrow new TypeError('only in workerd')\n`)
    const { code, output } = await start()
    house.write('src/index.ts', entry)
    house.write('dev.json', '{}')
    expect([code, output]).toEqual([1, expect.stringContaining('The gateway did not start. It printed:')])
    expect(output).not.toMatch(/SIGNING_KEYS|THREAD_SECRET/)
    expect(output).toContain('only in workerd')
    expect(output).not.toContain('The gateway is running')
    await leavesNothing()
  }, 90_000)

  it('sallyport dev runs the Worker without remote bindings, which would reach production', async () => {
    const entry = house.read('src/index.ts')
    const config = house.read('wrangler.toml')
    const bound = '[[kv_namespaces]]\nbinding = "NOTES"\nid = "a1"\npreview_id = "b2"\nremote = true\n'
    house.write('wrangler.toml', `${config}\n${bound}`)
    house.write('src/index.ts', `${entry}\nthrow new TypeError('only in workerd')\n`)
    const { output } = await start()
    house.write('src/index.ts', entry)
    house.write('wrangler.toml', config)
    expect(output).toContain('only in workerd')
    const staged = JSON.parse(house.read(`.wrangler/sallyport/${port}/wrangler.json`))
    expect(staged.kv_namespaces).toEqual([{ binding: 'NOTES', id: 'a1' }])
  }, 90_000)

  it('sallyport dev fails and names the port if a port is in use', async () => {
    const other = createServer().listen(port + 2, '127.0.0.1')
    await once(other, 'listening')
    const { code, output } = await start()
    other.close()
    expect([code, output]).toEqual([1, expect.stringContaining(`Port ${port + 2} is taken`)])
  }, 60_000)

  it('sallyport dev accepts local people only on routes to a local agent, an overridden address or a service binding', async () => {
    const { localRoutes } = await import('../../../src/cli/dev/local-bundle')
    const loaded = (id: string, host: string) => ({ id, isPublic: false, origin: { host } })
    const routes = new Map(
      [
        loaded('here', 'http://127.0.0.1:1'),
        loaded('named', 'https://billing.service.internal'),
        loaded('far', 'https://agent.acme.com'),
        loaded('given', 'https://agent.acme.com'),
        loaded('bound', 'https://svc.service.internal'),
      ].map((route) => [route.id, route]),
    )
    const written = [
      { id: 'here', agent: { origin: { url: 'http://127.0.0.1:1' } } },
      { id: 'named', agent: { origin: { url: 'https://billing.service.internal' } } },
      { id: 'far', agent: { origin: { env: 'FAR_URL' } } },
      { id: 'given', agent: { origin: { env: 'GIVEN_URL' } } },
      { id: 'bound', agent: { origin: { service: 'SVC' } } },
    ]
    expect(localRoutes(written as never, { routes } as never, new Set(['GIVEN_URL']))).toEqual([
      'here',
      'given',
      'bound',
    ])
  })
})
