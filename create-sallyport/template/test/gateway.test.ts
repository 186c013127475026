import { failedExamples, startGateway, type TestGateway } from 'sallyport/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import routes from '../routes'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway?.close())

it('every policy example has the result that it expects', () => {
  expect(failedExamples(routes)).toEqual([])
})

it('a request without a token gets status 401 on every route', async () => {
  for (const { path } of routes) expect((await gateway.fetch(`${path}/`)).status).toBe(401)
})

it('a signed-in person gets status 200, 404 or 405 on every route, but not 401 or 403', async () => {
  for (const { path } of routes) {
    const { status } = await gateway.fetch(`${path}/`, { as: { sub: 'alice' } })
    expect([200, 404, 405]).toContain(status)
  }
})
