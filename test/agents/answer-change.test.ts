import { describe, expect, it } from 'vitest'
import { composed } from '../../src/agents/answer-change'

const later = (mark: string) => async (text: string) => text + mark
const now = (mark: string) => (text: string) => text + mark

describe('changes of an answer', () => {
  it('an empty list of changes leaves bytes unread', () => {
    expect(composed([])).toEqual({})
    expect(composed([undefined, undefined])).toEqual({})
  })

  it('a single change is used as it is', () => {
    const change = { answer: now('a') }
    expect(composed([undefined, change])).toBe(change)
  })

  it('several changes are applied in order, each to the result of the one before', async () => {
    const change = composed([{ answer: now('1') }, { answer: later('2') }, undefined, { answer: now('3') }])
    expect(await change.answer?.('>', 200)).toBe('>123')
    expect(change).not.toHaveProperty('events')
    expect(change).not.toHaveProperty('headers')
  })

  it('the change of events is synchronous if each change is', () => {
    const change = composed([{ events: now('1') }, { events: now('2'), answer: now('x') }])
    expect(change.events?.('>')).toBe('>12')
    expect(change.answer?.('>', 200)).toBe('>x')
  })

  it('a change gets the status of the answer', async () => {
    const change = composed([
      { answer: (text, status) => `${text}${status}` },
      { answer: async (text, status) => `${text} ${status}` },
    ])
    expect(await change.answer?.('', 404)).toBe('404 404')
  })

  it('headers are changed by each in turn, also by an asynchronous change', async () => {
    const change = composed([
      { headers: async (headers) => void Object.assign(headers, { a: '1' }) },
      { answer: now('') },
      { headers: (headers) => void Object.assign(headers, { b: `${headers.a}2` }) },
    ])
    const headers: Record<string, string> = {}
    await change.headers?.(headers)
    expect(headers).toEqual({ a: '1', b: '12' })
  })

  it('a change that refuses the answer ends the chain', async () => {
    const change = composed([{ answer: () => Promise.reject(new Error('no')) }, { answer: () => expect.unreachable() }])
    await expect(change.answer?.('', 200)).rejects.toThrow('no')
  })
})
