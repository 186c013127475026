import { afterAll, beforeAll, expect, it } from 'vitest'
import { policyWithExamples, routeOf } from '../../support/fixtures'
import { openWorld, type World } from '../../support/world'

let world: World

beforeAll(async () => {
  const mayAll = policyWithExamples({ id: 'all', allow: [{ name: 'all', operations: ['*'] }] })
  world = await openWorld(({ origin: { url }, issuer }) => [
    routeOf({ kind: 'langgraph', origin: { url }, operations: ['assistants.delete'] }, [issuer], {
      id: 'assistants',
      path: '/assistants-only',
      policies: [mayAll],
    }),
  ])
  world.origin.handle((_request, response) => {
    response.writeHead(204).end()
  })
})
afterAll(() => world?.close())

it.each([
  ['?delete_threads=true', ''],
  ['?delete%5Fthreads=true', ''],
  ['?delete_threads=false&delete_threads=true', ''],
  ['?delete_threads=true&note=old', '?note=old'],
  ['?note=old', '?note=old'],
  ['', ''],
])('the deletion of an assistant with the query "%s" deletes no threads: the server gets "%s"', async (given, sent) => {
  world.origin.received.length = 0
  const path = `/assistants-only/assistants/agent${given}`
  expect((await world.as('alice', path, { method: 'DELETE' })).status).toBe(204)
  expect(world.origin.received.map(({ method, url }) => `${method} ${url}`)).toEqual([
    `DELETE /assistants/agent${sent}`,
  ])
})
