import { describe, expect, it } from 'vitest'
import { composed } from '../../src/agents/answer-change'

const later = (mark: string) => async (text: string) => text + mark
const now = (mark: string) => (text: string) => text + mark

describe('changes of an answer', () => {
  it('an empty list of changes gives an empty change, so that the answer is not read', () => {
    expect(composed([])).toEqual({})
    expect(composed([undefined, undefined])).toEqual({})
  })

  it('a single change of an answer is used unchanged', () => {
    const change = { answer: now('a') }
    expect(composed([undefined, change])).toBe(change)
  })

  it('several changes of an answer are applied in order, each to the result of the previous change', async () => {
    const change = composed([{ answer: now('1') }, { answer: later('2') }, undefined, { answer: now('3') }])
    expect(await change.answer?.('>', 200)).toBe('>123')
    expect(change).not.toHaveProperty('events')
    expect(change).not.toHaveProperty('headers')
  })

  it('synchronous changes of events are composed into a synchronous change', () => {
    const change = composed([{ events: now('1') }, { events: now('2'), answer: now('x') }])
    expect(change.events?.('>')).toBe('>12')
    expect(change.answer?.('>', 200)).toBe('>x')
  })

  it('each change of an answer receives the status code of the answer', async () => {
    const change = composed([
      { answer: (text, status) => `${text}${status}` },
      { answer: async (text, status) => `${text} ${status}` },
    ])
    expect(await change.answer?.('', 404)).toBe('404 404')
  })

  it('changes of headers are applied in order, and an asynchronous change is awaited', async () => {
    const change = composed([
      { headers: async (headers) => void Object.assign(headers, { a: '1' }) },
      { answer: now('') },
      { headers: (headers) => void Object.assign(headers, { b: `${headers.a}2` }) },
    ])
    const headers: Record<string, string> = {}
    await change.headers?.(headers)
    expect(headers).toEqual({ a: '1', b: '12' })
  })

  it('if a change rejects an answer, the later changes are not called', async () => {
    const change = composed([{ answer: () => Promise.reject(new Error('no')) }, { answer: () => expect.unreachable() }])
    await expect(change.answer?.('', 200)).rejects.toThrow('no')
  })
})
