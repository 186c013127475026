import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import type { SigningAlgorithm } from '../assertion/algorithms'

export const THREAD_FILE = '.secrets/thread-secret'

export type Role = 'signs' | 'published'
type Keys = readonly JWK[]

/**
 * The steps that rotate a signing key. A new key is published before it signs, and an old key stays
 * published after it has stopped signing. So agents can verify old and new assertions after every
 * step.
 */
export const STEPS = {
  async new(keys: Keys, alg: SigningAlgorithm): Promise<Keys> {
    if (keys.some((key) => key.alg === alg))
      throw new Error(`There is already a key of ${alg}. To rotate it, run "sallyport keys add".`)
    return [...keys, await generate(alg)]
  },
  async add(keys: Keys, alg: SigningAlgorithm): Promise<Keys> {
    if (!keys.some((key) => key.alg === alg))
      throw new Error(`There is no key of ${alg} yet. To make one, run "sallyport keys new".`)
    return [...keys, await generate(alg)]
  },
  async promote(keys: Keys, alg: SigningAlgorithm): Promise<Keys> {
    const [signing] = keys.filter((key) => key.alg === alg)
    const newest = keys.findLast((key) => key.alg === alg)
    if (!newest || newest === signing)
      throw new Error(`There is no newer key of ${alg} to promote. First run "sallyport keys add".`)
    return keys.filter((key) => key !== newest).flatMap((key) => (key === signing ? [newest, key] : [key]))
  },
  async retire(keys: Keys, alg: SigningAlgorithm): Promise<Keys> {
    const [signing, ...others] = keys.filter((key) => key.alg === alg)
    if (!signing || others.length === 0) throw new Error(`There is no key of ${alg} to retire.`)
    return keys.filter((key) => key.alg !== alg || key === signing)
  },
} as const
export type Step = keyof typeof STEPS

/**
 * Returns the use of each key. All keys are published, and the first key of each algorithm signs.
 */
export function rolesOf(keys: Keys): { kid: string; alg: string; role: Role }[] {
  return keys.map((key, index) => ({
    kid: key.kid ?? '',
    alg: key.alg ?? '',
    role: keys.findIndex((other) => other.alg === key.alg) === index ? 'signs' : 'published',
  }))
}

/**
 * Returns functions that read and replace a file with a private JWK Set. Only its owner can read
 * the file.
 */
export function keyFile(file: string) {
  return {
    read(): Keys {
      if (!existsSync(file)) return []
      try {
        const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys?: Keys }
        if (Array.isArray(keys)) return keys
      } catch {
        // The error is dropped, because its message would contain the text of the file, which is a
        // secret.
      }
      throw new Error(`${file} has no keys that can be read. The file was not changed. Restore it from your backup.`)
    },
    write: (keys: Keys): void => writeSecret(file, `${JSON.stringify({ keys })}\n`),
  }
}

/**
 * Writes a file that only its owner can read. A reader never sees a file that is written only in
 * part.
 */
export function writeSecret(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.new`
  writeFileSync(draft, text, { mode: 0o600 })
  chmodSync(draft, 0o600)
  renameSync(draft, file)
}

async function generate(alg: SigningAlgorithm): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) }
}
