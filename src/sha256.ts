import { base64url } from 'jose'

const encoder = new TextEncoder()

/** Returns the SHA-256 of bytes, or of a text in UTF-8. */
export const sha256 = async (data: string | Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(
    await crypto.subtle.digest(
      'SHA-256',
      typeof data === 'string' ? encoder.encode(data) : (data as Uint8Array<ArrayBuffer>),
    ),
  )

export const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** Returns the SHA-256 in base64url. */
export const sha256Text = async (data: string | Uint8Array): Promise<string> => base64url.encode(await sha256(data))
