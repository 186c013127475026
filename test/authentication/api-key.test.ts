import { describe, expect, it } from 'vitest'
import { createLookUp } from '../../src/authentication/api-key/lookup'
import type { KeyNamespace, TrustedKeys } from '../../src/authentication/api-key/trusted-keys'
import { Refusal } from '../../src/errors/refusal'
import { newKey, recordOf } from '../support/api-keys'

/* Looking keys up, where KV lags, fails or hangs. Time is driven. */

const { name } = await newKey()

function openLookUp(get: KeyNamespace['get']) {
  let now = Date.parse('2026-11-29T12:00:00Z')
  const timers: { at: number; work: () => void }[] = []
  const logs: string[] = []
  const reads: string[] = []
  const keys: TrustedKeys = {
    id: 'keys',
    issuer: 'urn:sallyport:api-keys:keys',
    issuerId: 'keys',
    subjectPrefix: 'keys:',
    binding: 'API_KEYS',
    namespace: {
      get(asked, options) {
        reads.push(asked)
        return get(asked, options)
      },
    },
  }
  const lookUp = createLookUp({
    now: () => now,
    after(milliseconds, work) {
      timers.push({ at: now + milliseconds, work })
      return () => undefined
    },
    log: (line) => void logs.push(line),
  })
  const outcome = async () =>
    lookUp(keys, name).then(
      ({ subject }) => subject,
      (thrown) => {
        if (!(thrown instanceof Refusal)) throw thrown
        return thrown.code
      },
    )
  return {
    outcome,
    logs,
    reads,
    keys,
    lookUp,
    pass(milliseconds: number) {
      now += milliseconds
      for (const { at, work } of timers.splice(0)) if (at <= now) work()
    },
  }
}

const good = JSON.stringify(recordOf())

describe('API keys that KV has', () => {
  it('an API key is read from KV once in 30 seconds, and its cached result is not used longer (F17)', async () => {
    const { outcome, reads, pass } = openLookUp(async () => (reads.length > 1 ? null : good))
    expect(await outcome()).toBe('alice')
    pass(29_999)
    expect(await outcome()).toBe('alice')
    expect(reads).toHaveLength(1)
    pass(1)
    expect(await outcome()).toBe('token-invalid')
  })

  it('a cached API key is read from KV again if the clock was set back', async () => {
    const { outcome, reads, pass } = openLookUp(async () => good)
    await outcome()
    pass(-60_000)
    await outcome()
    expect(reads).toHaveLength(2)
  })

  it('the gateway lets KV cache an API key for 30 seconds, the shortest possible time', async () => {
    let ttl = 0
    const { outcome } = openLookUp(async (_, { cacheTtl }) => {
      ttl = cacheTtl
      return good
    })
    await outcome()
    expect(ttl).toBe(30)
  })
})

describe('API keys that KV does not have', () => {
  it('an unknown API key is looked up at each request, so that a new key works as soon as KV has it (F17)', async () => {
    const { outcome, reads } = openLookUp(async () => (reads.length < 3 ? null : good))
    expect([await outcome(), await outcome(), await outcome()]).toEqual(['token-invalid', 'token-invalid', 'alice'])
  })
})

describe('a failure of KV', () => {
  it('an API key gets api-keys-unavailable, not token-invalid, while KV fails, and the failure is logged', async () => {
    const { outcome, logs } = openLookUp(async () => {
      throw new Error('KV GET failed: 500')
    })
    expect(await outcome()).toBe('api-keys-unavailable')
    expect(logs).toEqual([
      JSON.stringify({ event: 'api-keys-unreachable', keys: 'keys', reason: 'Error: KV GET failed: 500' }),
    ])
  })

  it('an API key gets api-keys-unavailable if KV does not answer within 5 seconds', async () => {
    const { outcome, pass } = openLookUp(() => new Promise(() => undefined))
    const waiting = outcome()
    pass(5_000)
    expect(await waiting).toBe('api-keys-unavailable')
  })

  it('during a failure of KV, a cached API key is accepted for no longer than 30 seconds', async () => {
    const { outcome, reads, pass } = openLookUp(async () => {
      if (reads.length > 1) throw new Error('down')
      return good
    })
    await outcome()
    pass(30_000)
    expect(await outcome()).toBe('api-keys-unavailable')
  })
})

it('the cache of API keys holds at most 2,000 keys, and drops the oldest first', async () => {
  const { lookUp, keys, reads } = openLookUp(async () => good)
  for (let made = 0; made < 2_001; made++) await lookUp(keys, `name-${made}`)
  await lookUp(keys, 'name-2000')
  expect(reads).toHaveLength(2_001)
  await lookUp(keys, 'name-0')
  expect(reads).toHaveLength(2_002)
})

it('a cached API key counts only for the KV namespace from which it was read (T21)', async () => {
  const { lookUp, keys, reads } = openLookUp(async () => good)
  await lookUp(keys, name)
  const other = { ...keys, binding: 'OTHER', namespace: { get: async () => null } }
  await expect(lookUp(other, name)).rejects.toThrow('token-invalid')
  expect(reads).toHaveLength(1)
})
