import { readFileSync } from 'node:fs'
import path from 'node:path'
import { transform } from 'esbuild'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../../support/build'
import { routeOf } from '../../support/fixtures'
import { json, openWorld, type World } from '../../support/world'

/* The code of docs/agents/copilotkit.md with which a runtime verifies the gateway's token. */

type UserOf = (request: Request) => Promise<string | undefined>

let world: World
let userOf: UserOf

/** Returns the documented function, with the address of this gateway. */
async function documented(gateway: string): Promise<UserOf> {
  const text = readFileSync(path.join(root, 'docs/agents/copilotkit.md'), 'utf8')
  const [, code = ''] = /```ts\n(\/\/ user\.ts\n[\s\S]*?)```/.exec(text) ?? []
  expect(code).toContain("'https://gate.example.com'")
  const { code: script } = await transform(
    code
      .replace('https://gate.example.com', gateway)
      .replace(/^import .*$/m, '')
      .replace('export ', ''),
    { loader: 'ts' },
  )
  return new Function('createRemoteJWKSet', 'jwtVerify', `${script}\nreturn userOf`)(createRemoteJWKSet, jwtVerify)
}

beforeAll(async () => {
  world = await openWorld(({ origin: { url }, trust }) =>
    ['copilot', 'other'].map((id) =>
      routeOf({ kind: 'copilotkit', origin: { url } }, trust, { id, path: `/agents/${id}` }),
    ),
  )
  userOf = await documented(world.gateway.url)
})
afterAll(() => world?.close())

/** Returns the request that reaches the runtime, if a person runs an agent on a route. */
async function reaching(person: 'alice' | 'bob', route = 'copilot'): Promise<Request> {
  world.origin.handle((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end('data: {"type":"RUN_FINISHED","threadId":"t","runId":"r"}\n\n')
  })
  const run = { threadId: 't', runId: 'r', messages: [], tools: [], context: [], state: {}, forwardedProps: {} }
  await (await world.as(person, `/agents/${route}/agent/default/run`, json(run))).text()
  const { authorization = '' } = world.origin.last().headers
  return new Request('https://runtime.example/', { headers: { authorization: String(authorization) } })
}

describe('a CopilotKit runtime with the code of the documentation', () => {
  it('the documented code names the user of a request that came through the gateway', async () => {
    expect(await userOf(await reaching('alice'))).toBe('alice')
    expect(await userOf(await reaching('bob'))).toBe('bob')
  })

  it('the documented code names no user for a direct request, a forged token or another route (X1)', async () => {
    const direct = (headers: Record<string, string>) => new Request('https://runtime.example/', { headers })
    expect(await userOf(direct({ 'x-user-id': 'admin' }))).toBeUndefined()
    expect(await userOf(direct({ authorization: `Bearer ${await world.token('alice')}` }))).toBeUndefined()
    const [head, , signature] = ((await reaching('alice')).headers.get('authorization') ?? '').split('.')
    const forged = Buffer.from(JSON.stringify({ iss: world.gateway.url, aud: 'copilot', sub: 'admin' }))
    const authorization = [head, forged.toString('base64url'), signature].join('.')
    expect(await userOf(direct({ authorization }))).toBeUndefined()
    expect(await userOf(await reaching('alice', 'other'))).toBeUndefined()
  })

  it('the documented code names no user if a token comes with the user id of someone else (X1)', async () => {
    const request = await reaching('alice')
    const named = (id: string) =>
      userOf(new Request(request, { headers: { ...Object.fromEntries(request.headers), 'x-user-id': id } }))
    expect(await named('alice')).toBe('alice')
    expect(await named('%61lice')).toBe('alice')
    for (const id of ['bob', '', '%', 'alice, bob']) expect(await named(id)).toBeUndefined()
  })
})
