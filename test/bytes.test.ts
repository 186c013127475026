import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GrowingBytes, readAtMost, readStart } from '../src/bytes'
import { streamOf } from './support/byte-stream'

const chunksOf = fc.array(fc.uint8Array({ minLength: 1, maxLength: 9000 }), { maxLength: 30 })

describe('collected bytes', () => {
  it('chunks of any size keep their total length, in a buffer of at most twice that length', () => {
    for (const size of [1, 2, 7, 4096]) {
      const bytes = new GrowingBytes()
      const count = 60_000
      for (let given = 0; given < count; given += size) bytes.add(new Uint8Array(size).fill(given % 251))
      const { length } = bytes
      expect(bytes.fromEnd(1)).toBe((Math.floor((length - 1) / size) * size) % 251)
      const whole = bytes.take()
      expect(whole.byteLength).toBe(length)
      expect(whole.buffer.byteLength).toBeLessThanOrEqual(2 * length)
      expect([...bytes.take()]).toEqual([])
    }
  })

  it('a chunk of one byte from a buffer of 4096 bytes is copied into a buffer of one byte', () => {
    const bytes = new GrowingBytes()
    bytes.add(new Uint8Array(4096).subarray(0, 1))
    expect(bytes.take().buffer.byteLength).toBe(1)
  })
})

describe('streams read up to a limit', () => {
  it('reading a stream gives its bytes up to the limit, whatever length the sender announces', async () => {
    await fc.assert(
      fc.asyncProperty(
        chunksOf,
        fc.nat(100_000),
        fc.option(fc.nat(100_000), { nil: undefined }),
        async (chunks, limit, said) => {
          const all = Buffer.concat(chunks)
          const { bytes, isWhole } = await readStart(streamOf(chunks).stream, limit, said)
          expect(isWhole).toBe(all.byteLength <= limit)
          expect(Buffer.from(bytes).equals(all.subarray(0, limit))).toBe(true)
          const whole = await readAtMost(streamOf(chunks).stream, limit, said)
          expect(whole && Buffer.from(whole).equals(all)).toBe(isWhole ? true : undefined)
        },
      ),
    )
  })

  it('a stream longer than the limit is cancelled, and none of its bytes are returned', async () => {
    const { stream, state } = streamOf(Array.from({ length: 100 }, () => new Uint8Array(1000)))
    expect(await readAtMost(stream, 5000)).toBeUndefined()
    expect(state.isCancelled).toBe(true)
  })
})
