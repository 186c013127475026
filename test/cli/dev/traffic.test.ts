import { expect, it } from 'vitest'
import { traffic } from '../../../src/cli/dev/traffic'

const line = (more: object) =>
  traffic(
    JSON.stringify({
      v: 2,
      at: '2026-11-28T18:22:56.123Z',
      id: '6d900278-4bfb-4afb-8210-eacdf7d6cb34',
      method: 'GET',
      path: '/agents/x',
      outcome: 'refused',
      status: 401,
      ms: { total: 3 },
      ...more,
    }),
  )

it('a forwarded request is shown as a line with its id, status, person, operations and time', () => {
  const more = {
    outcome: 'forwarded',
    status: 200,
    who: { subject: 'alice' },
    operations: ['info'],
    stream: 'complete',
  }
  expect(line(more)).toBe('  18:22:56  6d900278  200  alice   GET     /agents/x  info  3 ms')
})

it('a refused preflight is shown with the page that asked, and an answered preflight is not shown', () => {
  const mismatch = { found: 'the page https://evil.test', expected: 'https://app.acme.com', setting: 'cors.origins' }
  expect(line({ method: 'OPTIONS', status: 403, code: 'cors-origin-refused', mismatch })).toContain(
    'cors-origin-refused  3 ms\n            found the page https://evil.test, expected https://app.acme.com (cors.origins)',
  )
  expect(line({ method: 'OPTIONS', outcome: 'preflight', status: 204 })).toBeUndefined()
  expect(line({ outcome: 'begun', status: 200 })).toBeUndefined()
})

it('if the keys of an issuer cannot be fetched, the issuer is shown with the cause', () => {
  const lost = '{"event":"keys-unreachable","issuer":"login","reason":"connection refused"}'
  expect(traffic(lost)).toContain('login: Its keys cannot be fetched: connection refused')
})

it('control characters in the text of a caller are not written to the terminal (T3)', () => {
  const mismatch = { found: 'the page \u001b[2J\u202ehttps://evil.test', expected: 'no page' }
  expect(line({ path: '/\u001b]0;x\u0007', code: 'cors-origin-refused', mismatch })).not.toMatch(/[\u001b\u0007\u202e]/)
})

it('other log lines of the Worker are not shown as requests', () => {
  expect(traffic('anything else')).toBeUndefined()
})
