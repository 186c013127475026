import type { RefusalCode } from '../../src/errors/refusals'
import type { PlainReply } from './raw'

/** The code of a refusal's body. */
export function refusalOf(reply: PlainReply): string {
  return (JSON.parse(reply.body) as { code: string }).code
}

export const isRefusal = (reply: PlainReply, status: number, code: RefusalCode): boolean =>
  reply.status === status && refusalOf(reply) === code

/**
 * Status and code of a refusal, to compare in one go. A refusal of JSON-RPC has them as the data of
 * its error.
 */
export async function refused(response: Response): Promise<{ status: number; code: string }> {
  const body = await response.json()
  const { code, error } = (Array.isArray(body) ? body[0] : body) as {
    code: string
    error?: { data?: { code: string } }
  }
  return { status: response.status, code: error?.data?.code ?? code }
}
