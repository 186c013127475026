/**
 * The algorithm that signs access tokens. A client chooses the algorithm and the audience with a
 * resource indicator (RFC 8707): `urn:sallyport:es256:agents` requests an ES256 token with the
 * audience "agents".
 */
export type Algorithm = 'RS256' | 'ES256'

export interface Resource {
  algorithm: Algorithm
  audience: string
}

export function resourceIndicator({ algorithm, audience }: Resource): string {
  return `urn:sallyport:${algorithm.toLowerCase()}:${encodeURIComponent(audience)}`
}

export function parseResource(indicator: string): Resource | undefined {
  const [, algorithm, audience] = /^urn:sallyport:(rs256|es256):(.+)$/.exec(indicator) ?? []
  if (!algorithm || !audience || !isDecodable(audience)) return undefined
  return { algorithm: algorithm.toUpperCase() as Algorithm, audience: decodeURIComponent(audience) }
}

/**
 * Tells whether a text can be percent-decoded. Two hexadecimal digits must follow each percent
 * sign, and the bytes must be UTF-8.
 */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
