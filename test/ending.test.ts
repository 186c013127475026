import { describe, expect, it } from 'vitest'
import { createEnding } from '../src/ending'

function open() {
  const waited: Promise<unknown>[] = []
  const ending = createEnding({ waitUntil: (work) => void waited.push(work) })
  return { ending, isOver: () => Promise.race([Promise.all(waited).then(() => true), Promise.resolve(false)]), waited }
}

describe('the end of a request', () => {
  it('the Worker stays alive from the start of a request until its final work is done', async () => {
    const { ending, waited, isOver } = open()
    expect(waited).toHaveLength(1)
    const slow = Promise.withResolvers<void>()
    ending.onEnd(() => slow.promise)
    ending.settle('complete')
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await isOver()).toBe(false)
    slow.resolve()
    await Promise.all(waited)
  })

  it('a request ends once: only the first outcome counts, and each final task of the request runs once', async () => {
    const { ending, waited } = open()
    const told: unknown[] = []
    ending.onEnd((outcome) => void told.push(['first', outcome]))
    ending.onEnd((outcome) => void told.push(['second', outcome]))
    ending.settle('cut')
    ending.settle('complete')
    ending.settle()
    await Promise.all(waited)
    expect(told).toEqual([
      ['first', 'cut'],
      ['second', 'cut'],
    ])
  })

  it('the function settle runs all synchronous final work of a request before it returns', () => {
    const { ending } = open()
    let written = false
    ending.onEnd(() => {
      written = true
    })
    ending.settle()
    expect(written).toBe(true)
  })

  it('the Worker stays alive for final work that continues after another task has failed', async () => {
    const { ending, isOver, waited } = open()
    const slow = Promise.withResolvers<void>()
    ending.onEnd(() => Promise.reject(new Error('broken')))
    ending.onEnd(() => slow.promise)
    ending.settle()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await isOver()).toBe(false)
    slow.resolve()
    await expect(Promise.all(waited)).rejects.toThrow('broken')
  })

  it('if a final task of a request fails, the other final tasks still run, and the runtime gets the failure', async () => {
    const { ending, waited } = open()
    let ran = false
    ending.onEnd(() => {
      throw new Error('broken')
    })
    ending.onEnd(() => {
      ran = true
    })
    ending.settle()
    await expect(Promise.all(waited)).rejects.toThrow('broken')
    expect(ran).toBe(true)
  })
})
