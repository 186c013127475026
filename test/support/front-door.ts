import { expect } from 'vitest'
import type { TestGateway } from './gateway'
import type { RecordingOrigin } from './origin'
import { plainRequest } from './raw'

/**
 * The outcome of showing a token at the gateway: all that a refusal must be right about, in one
 * value to compare.
 */
export interface Outcome {
  readonly status: number
  readonly code: string | undefined
  /** The audit line. */
  readonly reason: string | undefined
  /** The `error` of the challenge, or `Retry-After`: what a client acts on. */
  readonly tells: string | undefined
  /** Whether the origin received anything. */
  readonly reached: boolean
  /** Whether the token or a segment of it stood in the reply or in what the origin received. */
  readonly leaked: boolean
}

export const accepted: Outcome = {
  status: 200,
  code: undefined,
  reason: undefined,
  tells: undefined,
  reached: true,
  leaked: false,
}
const kept = { reached: false, leaked: false }
export const refused = (reason: string): Outcome => ({
  status: 401,
  code: 'token-invalid',
  reason,
  tells: 'invalid_token',
  ...kept,
})
export const expired: Outcome = {
  status: 401,
  code: 'token-expired',
  reason: undefined,
  tells: 'invalid_token',
  ...kept,
}
/** Nothing that could be a token: not even looked at by verification. */
export const malformed: Outcome = {
  status: 400,
  code: 'credential-ambiguous',
  reason: undefined,
  tells: 'invalid_request',
  ...kept,
}
/** Keys that cannot be fetched are never the fault of the token. */
export const unavailable = (issuerId: string): Outcome => ({
  status: 503,
  code: 'keys-unavailable',
  reason: issuerId,
  // The rest of ten to fifteen seconds, or of the time until another key may be looked up.
  tells: expect.stringMatching(/^(?:[1-9]|1[0-5])$/) as string,
  ...kept,
})

export interface FrontDoor {
  knock(token: string, path?: string): Promise<Outcome>
  /** Tokens shown so far that stand, whole or in part, in something that the Worker wrote. */
  leakedIntoLogs(): string[]
}

/** Short segments, such as the ones of broken tokens, would be found anywhere. */
const tellingParts = (token: string): string[] => [token, ...token.split('.')].filter((part) => part.length >= 20)

export function frontDoor(gateway: TestGateway, origin: RecordingOrigin): FrontDoor {
  const shown = new Set<string>()
  return {
    async knock(token, path = '/agents/http') {
      shown.add(token)
      const mark = crypto.randomUUID()
      const { status, headers, body } = await plainRequest(gateway.url, {
        path: `${path}/${mark}`,
        headers: { authorization: `Bearer ${token}` },
      })
      const { code, reason } = await gateway.auditOf(
        new Response(null, { headers: { 'x-request-id': String(headers['x-request-id']) } }),
      )
      const arrived = origin.received.filter(({ url }) => url.includes(mark))
      const seen = JSON.stringify([headers, body, arrived])
      const error = /error="([a-z_]+)"/.exec(String(headers['www-authenticate']))?.[1]
      return {
        status,
        code: status === 200 ? code : (JSON.parse(body) as { code: string }).code,
        reason,
        tells: error ?? (headers['retry-after'] as string | undefined),
        reached: arrived.length > 0,
        leaked: tellingParts(token).some((part) => seen.includes(part)),
      }
    },
    leakedIntoLogs() {
      const written = gateway.logs.join('\n')
      return [...shown].filter((token) => tellingParts(token).some((part) => written.includes(part)))
    },
  }
}
