import { constants, createHmac, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import type { JWK } from 'jose'
import { publicJwk } from './keys'

/** A segment of a token. A value that is not text is written as JSON. */
export const segment = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export const seconds = (): number => Math.floor(Date.now() / 1000)

/** Signs header and payload as they are, also ones that no JWT library would sign. */
export function signRaw(header: unknown, payload: unknown, key: JWK, alg = key.alg ?? 'RS256'): string {
  const text = `${segment(header)}.${segment(payload)}`
  const bits = Number(/^[A-Z]+(\d{3})$/.exec(alg)?.[1])
  const options = {
    key: createPrivateKey({ key: key as never, format: 'jwk' }),
    ...(alg.startsWith('ES') && { dsaEncoding: 'ieee-p1363' as const }),
    ...(alg.startsWith('PS') && { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 }),
  }
  // Ed25519 has a digest of its own.
  return `${text}.${sign(bits ? `sha${bits}` : null, Buffer.from(text), options).toString('base64url')}`
}

/** HS256, with anything as the secret. */
export function signSymmetric(header: object, payload: object, secret: string | Buffer): string {
  const text = `${segment({ ...header, alg: 'HS256' })}.${segment(payload)}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}

/** The same text with one character replaced. */
export const replaceAt = (text: string, at: number, by: string): string => text.slice(0, at) + by + text.slice(at + 1)

/** A public key in every form in which it could be mistaken for a shared secret. */
export function spellings(
  key: JWK,
): Record<'PEM' | 'PEM without line ends' | 'DER' | 'JWK' | 'modulus', string | Buffer> {
  const object = createPublicKey({ key: publicJwk(key) as never, format: 'jwk' })
  const pem = object.export({ type: 'spki', format: 'pem' }).toString()
  return {
    PEM: pem,
    'PEM without line ends': pem.replaceAll('\n', ''),
    DER: object.export({ type: 'spki', format: 'der' }),
    JWK: JSON.stringify(publicJwk(key)),
    modulus: Buffer.from(key.n ?? '', 'base64url'),
  }
}
