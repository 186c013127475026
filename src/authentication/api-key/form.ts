import { hex, sha256 } from '../../sha256'

/*
 * An API key is `sp_`, 64 hex digits of a secret of 256 random bits, and the first 8 digits of the
 * SHA-256 of the text before them. This checksum reveals made-up keys without a lookup. Programs
 * that search for leaked secrets find keys by this form. A secret of this length needs no slow
 * hash.
 */

/** LangGraph's clients send keys in this header. */
export const KEY_HEADER = 'x-api-key'

const FORM = /^sp_[0-9a-f]{72}$/
const CHECKSUM_CHARS = 8

/** Finds API keys inside other text, so that they can be removed. */
export const keyShape = /sp_[0-9a-f]{72}/g

/** Tells whether a text is meant as an API key, valid or not. No JWT begins with `sp_`. */
export const isMeantAsKey = (text: string): boolean => text.startsWith('sp_')

/**
 * Returns the name under which a key is stored: the SHA-256 of all but its checksum, in hex.
 * @returns undefined for a text of another form, or with a wrong checksum
 */
export async function nameOfKey(key: string): Promise<string | undefined> {
  if (!FORM.test(key)) return undefined
  const name = await nameOfSecret(key.slice(0, -CHECKSUM_CHARS))
  return key.endsWith(name.slice(0, CHECKSUM_CHARS)) ? name : undefined
}

/** Makes a key from a secret. @param secret 64 hex digits */
export async function keyOfSecret(secret: string): Promise<{ readonly key: string; readonly name: string }> {
  const name = await nameOfSecret(`sp_${secret}`)
  return { key: `sp_${secret}${name.slice(0, CHECKSUM_CHARS)}`, name }
}

async function nameOfSecret(secret: string): Promise<string> {
  return hex(await sha256(secret))
}

/**
 * Returns a key's id: the beginning of its name, which is enough to tell it from other keys in
 * audit lines and commands.
 */
export const idOfKey = (name: string): string => name.slice(0, 16)
