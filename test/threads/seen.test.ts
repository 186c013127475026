import { describe, expect, it } from 'vitest'
import { createSeen, type Seen } from '../../src/threads/ownership-cache'

const openSeen = () => {
  const clock = { at: 1_000_000 }
  return { clock, seen: createSeen(() => clock.at) }
}
const note = (seen: Seen, route: string, thread: string, owner: string) => seen.asking(route, owner)(thread)
const TEN_MINUTES = 600_000

describe('a thread that was seen', () => {
  it('is its owner’s for 30 seconds by the clock, and then has to be looked up', () => {
    const { clock, seen } = openSeen()
    expect(seen.isOwn('r', 't', 'alice')).toBe(false)
    note(seen, 'r', 't', 'alice')
    clock.at += 29_999
    expect(seen.isOwn('r', 't', 'alice')).toBe(true)
    clock.at += 1
    expect(seen.isOwn('r', 't', 'alice')).toBe(false)
    note(seen, 'r', 't', 'alice')
    expect(seen.isOwn('r', 't', 'alice')).toBe(true)
  })

  it('X6: is nobody else’s, not on another route, and no other thread', () => {
    const { seen } = openSeen()
    note(seen, 'r', 't', 'alice')
    expect(seen.isOwn('r', 't', 'bob')).toBe(false)
    expect(seen.isOwn('s', 't', 'alice')).toBe(false)
    expect(seen.isOwn('r', 'u', 'alice')).toBe(false)
    note(seen, 'r","a', 'b', 'alice')
    expect(seen.isOwn('r', 'a","b', 'alice')).toBe(false)
  })

  it('is its new owner’s alone once it has another, and nobody’s once it is gone', () => {
    const { seen } = openSeen()
    note(seen, 'r', 't', 'alice')
    note(seen, 'r', 't', 'bob')
    expect([seen.isOwn('r', 't', 'alice'), seen.isOwn('r', 't', 'bob')]).toEqual([false, true])
    seen.forget('s', 't', 'bob')
    expect(seen.isOwn('r', 't', 'bob')).toBe(true)
    seen.forget('r', 't', 'bob')
    expect(seen.isOwn('r', 't', 'bob')).toBe(false)
  })

  it('is one of at most 10,000: the oldest is looked up again', () => {
    const { seen } = openSeen()
    for (let n = 0; n <= 10_000; n++) note(seen, 'r', `t${n}`, 'alice')
    expect(['t0', 't1', 't10000'].map((thread) => seen.isOwn('r', thread, 'alice'))).toEqual([false, true, true])
    const noteAgain = seen.asking('r', 'alice')
    for (let n = 0; n < 20_000; n++) noteAgain('t1')
    expect(['t2', 't10000'].map((thread) => seen.isOwn('r', thread, 'alice'))).toEqual([true, true])
  })
})

describe('a thread that was deleted', () => {
  it('X6: is not brought back by an answer to what was asked before, however long that takes', () => {
    for (const late of [0, 1, TEN_MINUTES - 1, TEN_MINUTES, 2 * TEN_MINUTES]) {
      const { clock, seen } = openSeen()
      const noteLate = seen.asking('r', 'alice')
      seen.forget('r', 't', 'alice')
      clock.at += late
      noteLate('t')
      expect([late, seen.isOwn('r', 't', 'alice')]).toEqual([late, false])
    }
  })

  it('X6: is not believed to be anybody’s while its deletion may be under way', () => {
    const { clock, seen } = openSeen()
    seen.forget('r', 't', 'alice')
    note(seen, 'r', 't', 'alice')
    expect(seen.isOwn('r', 't', 'alice')).toBe(false)
    note(seen, 's', 't', 'alice')
    note(seen, 'r', 'u', 'alice')
    expect([seen.isOwn('s', 't', 'alice'), seen.isOwn('r', 'u', 'alice')]).toEqual([true, true])
    clock.at += TEN_MINUTES
    note(seen, 'r', 't', 'alice')
    expect(seen.isOwn('r', 't', 'alice')).toBe(true)
  })

  it('X6: keeps its id from everybody else for ten minutes, on its route', () => {
    const { clock, seen } = openSeen()
    seen.forget('r', 't', 'alice')
    const reserved = (route: string, owner: string) => seen.isReserved(route, 't', owner)
    expect([reserved('r', 'bob'), reserved('r', 'alice'), reserved('s', 'bob')]).toEqual([true, false, false])
    clock.at += TEN_MINUTES - 1
    expect(reserved('r', 'bob')).toBe(true)
    seen.forget('r', 't', 'alice')
    clock.at += TEN_MINUTES - 1
    expect(reserved('r', 'bob')).toBe(true)
    clock.at += 1
    expect(reserved('r', 'bob')).toBe(false)
  })

  it('X6: is one of at most 10,000, and not brought back when it has to give way to others', () => {
    const { clock, seen } = openSeen()
    const noteLate = seen.asking('r', 'alice')
    for (let n = 0; n <= 10_000; n++) seen.forget('r', `t${n}`, 'alice')
    expect(['t0', 't1', 't10000'].map((thread) => seen.isReserved('r', thread, 'bob'))).toEqual([false, true, true])
    noteLate('t0')
    expect(seen.isOwn('r', 't0', 'alice')).toBe(false)
    clock.at += 1
    note(seen, 'r', 't0', 'alice')
    expect(seen.isOwn('r', 't0', 'alice')).toBe(true)
  })
})
