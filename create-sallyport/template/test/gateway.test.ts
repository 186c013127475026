import { failedExamples, startGateway, type TestGateway } from 'sallyport/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import routes from '../routes'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway?.close())

it('every example of the policies has the result that it names', () => {
  expect(failedExamples(routes)).toEqual([])
})

it('a request without a token is refused', async () => {
  for (const { path } of routes) expect((await gateway.fetch(`${path}/`)).status).toBe(401)
})

it('a person who is signed in gets through, or learns that the address does not exist', async () => {
  for (const { path } of routes) {
    const { status } = await gateway.fetch(`${path}/`, { as: { sub: 'alice' } })
    expect([200, 404, 405]).toContain(status)
  }
})
