import { describe, expect, it } from 'vitest'
import { createOwnershipCache, type OwnershipCache } from '../../src/threads/ownership-cache'

const openCache = () => {
  const clock = { at: 1_000_000 }
  return { clock, cache: createOwnershipCache(() => clock.at) }
}
const note = (cache: OwnershipCache, route: string, thread: string, owner: string) =>
  cache.beforeAsking(route, owner)(thread)
const TEN_MINUTES = 600_000

describe('the cache of thread owners', () => {
  it('a thread is cached for its owner for 30 seconds, and then the gateway has to look up the owner again', () => {
    const { clock, cache } = openCache()
    expect(cache.isOwn('r', 't', 'alice')).toBe(false)
    note(cache, 'r', 't', 'alice')
    clock.at += 29_999
    expect(cache.isOwn('r', 't', 'alice')).toBe(true)
    clock.at += 1
    expect(cache.isOwn('r', 't', 'alice')).toBe(false)
    note(cache, 'r', 't', 'alice')
    expect(cache.isOwn('r', 't', 'alice')).toBe(true)
  })

  it('a cached thread is not known for another person, on another route or under another id (X6)', () => {
    const { cache } = openCache()
    note(cache, 'r', 't', 'alice')
    expect(cache.isOwn('r', 't', 'bob')).toBe(false)
    expect(cache.isOwn('s', 't', 'alice')).toBe(false)
    expect(cache.isOwn('r', 'u', 'alice')).toBe(false)
    note(cache, 'r","a', 'b', 'alice')
    expect(cache.isOwn('r', 'a","b', 'alice')).toBe(false)
  })

  it('a cached thread belongs only to its new owner after a change, and to no owner once forgotten', () => {
    const { cache } = openCache()
    note(cache, 'r', 't', 'alice')
    note(cache, 'r', 't', 'bob')
    expect([cache.isOwn('r', 't', 'alice'), cache.isOwn('r', 't', 'bob')]).toEqual([false, true])
    cache.forget('s', 't', 'bob')
    expect(cache.isOwn('r', 't', 'bob')).toBe(true)
    cache.forget('r', 't', 'bob')
    expect(cache.isOwn('r', 't', 'bob')).toBe(false)
  })

  it('the cache of thread owners holds at most 10,000 threads, and drops the oldest thread first', () => {
    const { cache } = openCache()
    for (let n = 0; n <= 10_000; n++) note(cache, 'r', `t${n}`, 'alice')
    expect(['t0', 't1', 't10000'].map((thread) => cache.isOwn('r', thread, 'alice'))).toEqual([false, true, true])
    const noteAgain = cache.beforeAsking('r', 'alice')
    for (let n = 0; n < 20_000; n++) noteAgain('t1')
    expect(['t2', 't10000'].map((thread) => cache.isOwn('r', thread, 'alice'))).toEqual([true, true])
  })
})

describe('deleted threads', () => {
  it('a late answer to an earlier request for the owner does not restore a deleted thread (X6)', () => {
    for (const late of [0, 1, TEN_MINUTES - 1, TEN_MINUTES, 2 * TEN_MINUTES]) {
      const { clock, cache } = openCache()
      const noteLate = cache.beforeAsking('r', 'alice')
      cache.forget('r', 't', 'alice')
      clock.at += late
      noteLate('t')
      expect([late, cache.isOwn('r', 't', 'alice')]).toEqual([late, false])
    }
  })

  it('a deleted thread belongs to no owner while its deletion may be in progress (X6)', () => {
    const { clock, cache } = openCache()
    cache.forget('r', 't', 'alice')
    note(cache, 'r', 't', 'alice')
    expect(cache.isOwn('r', 't', 'alice')).toBe(false)
    note(cache, 's', 't', 'alice')
    note(cache, 'r', 'u', 'alice')
    expect([cache.isOwn('s', 't', 'alice'), cache.isOwn('r', 'u', 'alice')]).toEqual([true, true])
    clock.at += TEN_MINUTES
    note(cache, 'r', 't', 'alice')
    expect(cache.isOwn('r', 't', 'alice')).toBe(true)
  })

  it('the id of a deleted thread is reserved against other people for ten minutes on its route (X6)', () => {
    const { clock, cache } = openCache()
    cache.forget('r', 't', 'alice')
    const reserved = (route: string, owner: string) => cache.isReserved(route, 't', owner)
    expect([reserved('r', 'bob'), reserved('r', 'alice'), reserved('s', 'bob')]).toEqual([true, false, false])
    clock.at += TEN_MINUTES - 1
    expect(reserved('r', 'bob')).toBe(true)
    cache.forget('r', 't', 'alice')
    clock.at += TEN_MINUTES - 1
    expect(reserved('r', 'bob')).toBe(true)
    clock.at += 1
    expect(reserved('r', 'bob')).toBe(false)
  })

  it('the cache of thread owners holds at most 10,000 deletions, and a late answer restores no dropped thread (X6)', () => {
    const { clock, cache } = openCache()
    const noteLate = cache.beforeAsking('r', 'alice')
    for (let n = 0; n <= 10_000; n++) cache.forget('r', `t${n}`, 'alice')
    expect(['t0', 't1', 't10000'].map((thread) => cache.isReserved('r', thread, 'bob'))).toEqual([false, true, true])
    noteLate('t0')
    expect(cache.isOwn('r', 't0', 'alice')).toBe(false)
    clock.at += 1
    note(cache, 'r', 't0', 'alice')
    expect(cache.isOwn('r', 't0', 'alice')).toBe(true)
  })
})
