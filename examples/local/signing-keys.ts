import { chmod, readFile, writeFile } from 'node:fs/promises'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'

/**
 * Makes the gateway's local signing keys on first start: a private JWK Set in `.dev.vars`, where `wrangler dev` finds its
 * secrets. Other lines of the file stay as they are. Says whether it made any.
 */
export async function ensureSigningKeys(file: string): Promise<boolean> {
  const existing = await readFile(file, 'utf8').catch(() => '')
  if (/^\s*SIGNING_KEYS\s*=[ \t]*\S/m.test(existing)) return false

  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  const keys = [{ ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' }]
  const separator = existing && !existing.endsWith('\n') ? '\n' : ''
  await writeFile(file, `${existing}${separator}SIGNING_KEYS='${JSON.stringify({ keys })}'\n`, { mode: 0o600 })
  // The mode above holds for a new file only.
  await chmod(file, 0o600)
  return true
}
