import { createRemoteJWKSet, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Received } from './tap.ts'

/** A received request, with what its signature is worth. */
export interface Evidence extends Omit<Received, 'assertion'> {
  assertion?: {
    /** The request header that carried it. */
    carriedBy: string
    header: object
    claims: JWTPayload
    verified: boolean
    /** Why it is not verified. */
    reason?: string
  }
}

/** Checks assertions as an agent would: against the keys that the gateway publishes, for this agent, from this gateway. */
export function createExaminer(gateway: string): (received: Received) => Promise<Evidence> {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', gateway))

  return async ({ assertion, ...received }) => {
    if (!assertion) return received
    const { token, header: carriedBy } = assertion
    const expected = { issuer: gateway, audience: received.agent, currentDate: received.at }
    const header = decodeProtectedHeader(token)
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    const reason = await jwtVerify(token, keys, expected).then(
      () => undefined,
      (error) => (error instanceof errors.JOSEError ? error.message : String(error)),
    )
    const verified = reason === undefined
    return { ...received, assertion: { carriedBy, header, claims, verified, ...(!verified && { reason }) } }
  }
}
