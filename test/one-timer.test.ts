import fc from 'fast-check'
import { expect, it } from 'vitest'
import { oneTimer } from '../src/one-timer'

/** A clock that is moved by hand, and how many timers were set. */
function clock() {
  let time = 0
  let count = 0
  const timers: { at: number; work: () => void }[] = []
  return {
    now: () => time,
    after: (milliseconds: number, work: () => void) => {
      count++
      timers.push({ at: time + milliseconds, work })
      return () => undefined
    },
    count: () => count,
    /** Fires what is due, as a platform does: in order, and never early. */
    pass(milliseconds: number) {
      const end = time + milliseconds
      for (;;) {
        timers.sort((a, b) => a.at - b.at)
        if (!timers[0] || timers[0].at > end) break
        const next = timers.shift()
        time = Math.max(time, next?.at ?? time)
        next?.work()
      }
      time = end
    },
  }
}

it('the time limits for a body, a first byte and an end need only one platform timer, one after the other', () => {
  const platform = clock()
  const after = oneTimer(platform)
  const done: string[] = []
  after(20_000, () => done.push('body'))()
  after(60_000, () => done.push('first byte'))()
  after(900_000, () => done.push('end'))
  expect(platform.count()).toBe(1)
  platform.pass(899_999)
  expect([done, platform.count()]).toEqual([[], 2])
  platform.pass(1)
  expect(done).toEqual(['end'])
})

it('waits of different lengths end in order of their times, and the callback of each wait runs once', () => {
  const platform = clock()
  const after = oneTimer(platform)
  const done: number[] = []
  for (const at of [100, 10, 50, 10]) after(at, () => done.push(at))
  platform.pass(1000)
  expect(done).toEqual([10, 10, 50, 100])
})

it('a wait that a late callback starts counts from the time when the callback was due', () => {
  const platform = clock()
  // A timer of the platform that fires late.
  const late = { now: platform.now, after: (ms: number, work: () => void) => platform.after(ms + 7, work) }
  const after = oneTimer(late)
  const ticks: number[] = []
  const tick = (at: number) =>
    after(10, () => {
      ticks.push(at)
      tick(at + 10)
    })
  tick(10)
  platform.pass(100)
  expect(ticks.slice(0, 5)).toEqual([10, 20, 30, 40, 50])
  expect(ticks.length).toBeGreaterThan(7)
})

it('callbacks of waits that are not cancelled run in order of time and never early', () => {
  const plan = fc.array(fc.record({ at: fc.nat(1000), cancelled: fc.boolean() }), { maxLength: 20 })
  fc.assert(
    fc.property(plan, (entries) => {
      const platform = clock()
      const after = oneTimer(platform)
      const done: { at: number; time: number }[] = []
      const cancels = entries.map(({ at }) => after(at, () => done.push({ at, time: platform.now() })))
      for (const [index, { cancelled }] of entries.entries()) if (cancelled) cancels[index]?.()
      platform.pass(2000)
      const wanted = entries.filter(({ cancelled }) => !cancelled).map(({ at }) => at)
      expect(done.map(({ at }) => at)).toEqual(wanted.toSorted((a, b) => a - b))
      for (const { at, time } of done) expect(time).toBeGreaterThanOrEqual(at)
    }),
  )
})
