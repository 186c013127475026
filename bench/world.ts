import { createHash } from 'node:crypto'
import path from 'node:path'
import { freePort } from '../test/support/port.ts'
import { bench } from './folder.ts'
import { type Running, start } from './process.ts'
import { otherKeys, Tokens, USER } from './tokens.ts'
import { bundle } from './workerd.ts'

/** The number of identity providers. By default, tokens come from the first one. */
const ISSUERS = 10

/**
 * The servers and files that every measured gateway needs: the agent, the identity provider, the
 * bundled code.
 */
export interface World {
  readonly origin: Running
  readonly originUrl: string
  readonly keySets: Running
  readonly jwksUri: string
  /** The address of a key set with the same keys and forty-seven others. */
  readonly largeJwksUri: string
  readonly issuers: readonly string[]
  readonly tokens: Tokens
  readonly bundles: Readonly<Record<'floor' | 'reader' | 'hono' | 'sallyport', string>>
}

export async function createWorld(): Promise<World> {
  const [originPort, keyPort] = [await freePort(), await freePort()]
  const issuers = Array.from({ length: ISSUERS }, (_, index) => `http://127.0.0.1:${keyPort}/issuer-${index}`)
  const tokens = await Tokens.create(issuers[0] ?? '')
  const keys = tokens.publicKeys
  const sets = { '/jwks': { keys }, '/large-jwks': { keys: [...(await otherKeys(47)), ...keys] } }
  const [origin, keySets, floor, reader, hono, sallyport] = await Promise.all([
    startServer('origin', originPort, { BENCH_OWNER: ownerOf(issuers[0] ?? '', USER) }),
    startServer('key-sets', keyPort, { BENCH_KEY_SETS: JSON.stringify(sets) }),
    bundle('peers/floor.ts'),
    bundle('peers/reader.ts'),
    bundle('peers/hono.ts'),
    bundle('peers/sallyport.ts'),
  ])
  return {
    origin,
    originUrl: `http://127.0.0.1:${originPort}`,
    keySets,
    jwksUri: `http://127.0.0.1:${keyPort}/jwks`,
    largeJwksUri: `http://127.0.0.1:${keyPort}/large-jwks`,
    issuers,
    tokens,
    bundles: { floor, reader, hono, sallyport },
  }
}

/** Returns the name of a thread's owner, as `npm run threads` prints it. */
const ownerOf = (issuer: string, subject: string): string =>
  createHash('sha256')
    .update(JSON.stringify(['own', issuer, subject]))
    .digest('base64url')

export const startServer = (name: string, port: number, env: Record<string, string>): Promise<Running> =>
  startScript(name, path.join(bench, 'servers', `${name}.ts`), port, env)

export const startScript = (name: string, file: string, port: number, env: Record<string, string>): Promise<Running> =>
  start({ name, command: process.execPath, args: [file], port, env: { ...env, BENCH_PORT: String(port) } })
