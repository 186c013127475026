/**
 * An API at the local identity provider, as a resource indicator (RFC 8707): the audience of its
 * access tokens and the algorithm they are signed with. `urn:sallyport:es256:agents` asks for an
 * ES256 token with audience "agents".
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
 * Whether a text can be percent-decoded: each percent sign stands before two hexadecimal digits,
 * and the bytes are UTF-8.
 */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
