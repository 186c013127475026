import { randomBytes } from 'node:crypto'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'

/** The functions that make the secrets which the gateway needs, by the name of the secret. */
const SECRETS: Readonly<Record<string, () => Promise<string>>> = {
  async SIGNING_KEYS() {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const jwk = await exportJWK(privateKey)
    return JSON.stringify({ keys: [{ ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' }] })
  },
  THREAD_SECRET: async () => randomBytes(32).toString('base64url'),
}

/**
 * Makes the gateway's local secrets at the first start and writes them to `.dev.vars`, which
 * wrangler reads. Other lines of the file are not changed. Returns whether it made any secret.
 *
 * @throws Error if other users of the machine can read an existing file
 */
export async function ensureSecrets(file: string): Promise<boolean> {
  const existing = await readFile(file, 'utf8').catch(() => '')
  const others = process.platform === 'win32' || existing === '' ? 0 : (await stat(file)).mode & 0o077
  if (others !== 0)
    throw new Error(
      `Other users of this machine can read or change ${file}, which holds secrets. Run: chmod 600 ${file}`,
    )
  const missing = Object.keys(SECRETS).filter((name) => !new RegExp(`^\\s*${name}\\s*=[ \\t]*\\S`, 'm').test(existing))
  if (missing.length === 0) return false

  const lines = await Promise.all(missing.map(async (name) => `${name}='${await SECRETS[name]?.()}'\n`))
  const separator = existing && !existing.endsWith('\n') ? '\n' : ''
  await writeFile(file, existing + separator + lines.join(''), { mode: 0o600 })
  // The file mode above has an effect only if the file is new.
  await chmod(file, 0o600)
  return true
}
