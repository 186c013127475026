import { execFile } from 'node:child_process'
import path from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { root } from '../support/build'
import { privateKey, publicJwk } from '../support/keys'
import { pythonOf } from '../support/python'
import { spiffe } from './machines'
import { tokenOf } from './provider'

/* The SPIFFE fixture, judged by py-spiffe 0.3.2 with our keys in place of a server's. */

const FOLDER = 'test/providers/spiffe'
const [audience] = spiffe.issuer.audience
const key = await privateKey('ES384')
const other = await privateKey('ES384')
let python: string

beforeAll(async () => {
  python = await pythonOf(FOLDER)
}, 300_000)

/** Returns the SPIFFE id that the library reads, or throws with its error. */
function judge(token: string): Promise<string> {
  const keySet = { keys: [{ ...publicJwk(key), use: spiffe.keyUse }] }
  return new Promise((resolve, reject) => {
    const child = execFile(python, [path.join(root, FOLDER, 'judge.py')], (failed, stdout) =>
      failed ? reject(failed) : resolve(stdout.trim()),
    )
    child.stdin?.end(JSON.stringify({ token, keySet, audience }))
  })
}

it.each(Object.entries(spiffe.accepts))(
  'py-spiffe accepts a token that the gateway accepts, and reads the same subject: %s',
  async (_what, change) => {
    expect(await judge(tokenOf(spiffe, key, change))).toBe(change.is.sub)
  },
)

it('py-spiffe refuses a SPIFFE token that has expired, has another audience or another signature', async () => {
  await expect(judge(tokenOf(spiffe, key, { with: { exp: 2 } }))).rejects.toThrow('has expired')
  await expect(judge(tokenOf(spiffe, key, spiffe.refuses['another audience']))).rejects.toThrow('Audience')
  await expect(judge(tokenOf(spiffe, { ...other, kid: key.kid ?? '' }))).rejects.toThrow(
    'Signature verification failed',
  )
})
