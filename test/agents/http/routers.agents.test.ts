import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent } from '../../../src/config/define'
import { loadAgentPackages } from '../../support/agent-packages'
import { root } from '../../support/build'
import { policyWithExamples, routeOf } from '../../support/fixtures'
import { type NodeServer, startNodeServer } from '../../support/node-server'
import { type PythonServer, startPython } from '../../support/python'
import { plainRequest } from '../../support/raw'
import { openWorld, type World } from '../../support/world'

let express: NodeServer
let starlette: PythonServer
let world: World
const agents: Record<string, string> = {}

const endpoints = [
  { operation: 'users.me', method: 'GET', path: '/users/@me' },
  { operation: 'users.read', method: 'GET', path: '/users/:id' },
  { operation: 'admin.page', method: 'GET', path: '/admin' },
  { operation: 'admin.wipe', method: 'POST', path: '/admin/wipe' },
  { operation: 'documents.publish', method: 'POST', path: '/documents/:id:publish' },
  { operation: 'documents.read', method: 'GET', path: '/documents/:id' },
  { operation: 'any', method: 'GET', path: '/*' },
  { operation: 'any', method: 'POST', path: '/*' },
] as const

/** All operations are permitted except these. */
const guarded = policyWithExamples({
  id: 'guarded',
  allow: [{ name: 'all', operations: ['*'] }],
  deny: [{ name: 'guarded', operations: ['users.me', 'admin.*', 'documents.publish'] }],
})

beforeAll(async () => {
  const [makeExpress] = await loadAgentPackages('express')
  const app = makeExpress()
  for (const { operation, method, path: at } of endpoints) {
    const written = at === '/*' ? '/{*rest}' : at.replace(':id:publish', ':id\\:publish')
    app[method.toLowerCase()](written, (_request: unknown, response: { json(body: unknown): void }) =>
      response.json({ handler: operation }),
    )
  }
  express = await startNodeServer(app)
  starlette = await startPython({
    folder: 'examples/mcp-python',
    args: (port) => [path.join(root, 'test/agents/http/starlette_app.py'), String(port)],
    readyPath: '/ready',
  })
  Object.assign(agents, { express: express.url, starlette: starlette.url })
  world = await openWorld(({ trust }) =>
    Object.entries({ express, starlette }).map(([id, { url }]) => {
      const agent: Agent = { kind: 'http', origin: { url }, endpoints }
      return routeOf(agent, trust, { id, path: `/${id}`, policies: [guarded] })
    }),
  )
}, 600_000)
afterAll(async () => {
  await world?.close()
  await starlette?.close()
  await express?.close()
})

const hex = (character: string, upper: boolean) => {
  const code = character.charCodeAt(0).toString(16)
  return `%${upper ? code.toUpperCase() : code}`
}

/** Other ways to write a path, of which some router could take each for the same. */
function spellingsOf(given: string): readonly string[] {
  const spelt = new Set([given, `${given}/`, `${given}//`, `/.${given}`, `${given}/.`, `/x/..${given}`, `${given};x`])
  spelt.add(given.toUpperCase()).add(given.replace(/\/(\w)/g, (_, letter: string) => `/${letter.toUpperCase()}`))
  spelt
    .add(given.replaceAll('/', '//'))
    .add(given.replace(/\/(?=[^/]*$)/, '%2f'))
    .add(`${given}?`)
    .add(`${given}%20`)
  spelt.add(`${given}%00`).add(`${given}%23`).add(`${given}#`).add(given.replaceAll('/', '\\'))
  for (let at = 1; at < given.length; at++) {
    const [before, one, after] = [given.slice(0, at), given[at] ?? '', given.slice(at + 1)]
    if (one === '/') continue
    for (const upper of [true, false]) spelt.add(before + hex(one, upper) + after)
    spelt.add(before + hex('%', true) + hex(one, true).slice(1) + after)
    spelt.add(before + one.toUpperCase() + after)
  }
  return [...spelt]
}

describe.each(['express', 'starlette'])('policies in front of a real server (%s) (T9)', (server) => {
  const handlerOf = async (url: string, method: string, at: string) => {
    const reply = await plainRequest(url, { path: at, method, headers: world.bob })
    return {
      status: reply.status,
      handler: reply.status === 200 ? (JSON.parse(reply.body).handler as string) : undefined,
    }
  }
  const ask = (method: string, below: string) => handlerOf(world.gateway.url, method, `/${server}${below}`)
  const isGuarded = (handler = '') => /^(?:users\.me|admin\.|documents\.publish)/.test(handler)

  it('a permitted request reaches the handler for its path, and a denied request gets 403', async () => {
    expect(await ask('GET', '/users/7')).toEqual({ status: 200, handler: 'users.read' })
    expect(await ask('GET', '/documents/7')).toEqual({ status: 200, handler: 'documents.read' })
    expect(await ask('GET', '/other/place')).toEqual({ status: 200, handler: 'any' })
    expect((await ask('GET', '/users/@me')).status).toBe(403)
  })

  it.each([
    ['GET', '/users/@me'],
    ['GET', '/admin'],
    ['POST', '/admin/wipe'],
    ['POST', '/documents/1:publish'],
  ])('the denied operation %s %s cannot be reached by another spelling of its path', async (method, given) => {
    const reached: string[] = []
    let direct = 0
    for (const spelling of spellingsOf(given)) {
      const { handler } = await ask(method, spelling)
      if (isGuarded(handler)) reached.push(`${spelling}: ${handler}`)
      if (isGuarded((await handlerOf(agents[server] ?? '', method, spelling)).handler)) direct++
    }
    // Without the gateway some of them do, so the spellings are worth trying.
    expect(direct).toBeGreaterThan(1)
    expect(reached).toEqual([])
  })
})
