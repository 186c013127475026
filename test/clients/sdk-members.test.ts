import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../support/build'
import { ready } from '../support/packages'

const file = path.join(root, 'test/clients/sdk-members.ts')
const without = path.join(root, 'test/clients/sdk-members-without.ts')

beforeAll(() => ready('test/clients'), 300_000)
afterAll(() => rmSync(without, { force: true }))

/** The compiler's messages about a file. */
function compile(name: string): { status: number | null; said: string } {
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--lib', 'ES2024,DOM']
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, '--types', '', '--ignoreConfig', name], {
    cwd: path.dirname(name),
    encoding: 'utf8',
  })
  return { status, said: stdout }
}

describe('request options of the LangGraph JavaScript SDK', () => {
  it('sdk-members.ts lists every request option of the LangGraph JavaScript SDK and no others', () => {
    expect(compile(file)).toEqual({ status: 0, said: '' })
  })

  it('a request option of the LangGraph SDK that is not listed causes a compiler error', () => {
    writeFileSync(without, readFileSync(file, 'utf8').replace("  | 'multitaskStrategy'\n", ''))
    expect(compile(without)).toMatchObject({
      said: expect.stringContaining('multitaskStrategy'),
      status: expect.any(Number),
    })
    expect(compile(without).status).not.toBe(0)
  })
})
