import type { RefusalCode } from './refusals'

/** The id of a JSON-RPC request (section 4). */
export type RpcId = string | number | null

/** JSON-RPC 2.0 section 5.1, and MCP's revision 2026-07-28 for headers that differ from the body. */
const CODES: Partial<Record<RefusalCode, number>> = {
  'operation-unknown': -32_601,
  'body-invalid': -32_602,
  'field-forbidden': -32_602,
  'header-mismatch': -32_020,
  'internal-error': -32_603,
}
/** For all others: in the range of implementations' own, where neither MCP nor A2A has any. */
const REFUSED = -32_090

/**
 * A refusal as the clients of JSON-RPC read it: one error for each request of the body.
 * @param problem the refusal as other clients read it, which goes along as `data`
 */
export function rpcErrors(ids: readonly RpcId[], isBatch: boolean, problem: { code: RefusalCode; detail: string }) {
  const errors = ids.map((id) => ({
    jsonrpc: '2.0',
    id,
    error: { code: CODES[problem.code] ?? REFUSED, message: problem.detail, data: problem },
  }))
  return isBatch ? errors : errors[0]
}
