import { failedExamples, startGateway, type TestGateway } from 'sallyport/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import routes from '../routes'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway?.close())

it('the examples of the policies come out as they say', () => {
  expect(failedExamples(routes)).toEqual([])
})

it('nobody comes in without a token', async () => {
  for (const { path } of routes) expect((await gateway.fetch(`${path}/`)).status).toBe(401)
})

it('somebody who is signed in is let through, or told that there is no such thing', async () => {
  for (const { path } of routes) {
    const { status } = await gateway.fetch(`${path}/`, { as: { sub: 'alice' } })
    expect([200, 404, 405]).toContain(status)
  }
})
