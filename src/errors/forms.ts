import type { Refusal } from './refusal'
import type { RefusalCode } from './refusals'

/** The id of a JSON-RPC request (JSON-RPC 2.0 section 4). */
export type RpcId = string | number | null

/** Errors in the form of JSON-RPC 2.0: each request in the body gets an error of its own. */
export interface RpcForm {
  readonly as: 'json-rpc'
  /**
   * The ids of the requests to answer. Absent if the body was not read, or if the ids are unknown.
   */
  readonly ids?: readonly RpcId[]
  readonly isBatch: boolean
  /** HTTP statuses that replace the refusal's own, because clients of the protocol need them. */
  readonly statuses?: Partial<Record<RefusalCode, number>>
  /** Error codes that the protocol defines in addition to those of JSON-RPC. */
  readonly codes?: Partial<Record<RefusalCode, number>>
}

/**
 * The form of errors that the clients of an endpoint understand, in addition to the members that
 * all refusals have. It is JSON-RPC, or `google.rpc.Status` in JSON, which A2A over HTTP uses.
 */
export type ErrorForm = RpcForm | { readonly as: 'google.rpc.Status' }

/** The members of a refusal that JSON-RPC errors and `google.rpc.Status` repeat. */
interface Problem {
  readonly code: RefusalCode
  readonly detail: string
  readonly status: number
  readonly requestId: string
}

/**
 * JSON-RPC codes from JSON-RPC 2.0 section 5.1, and from MCP's revision 2026-07-28 for headers that
 * differ from the body.
 */
const CODES: Partial<Record<RefusalCode, number>> = {
  'operation-unknown': -32_601,
  'body-invalid': -32_602,
  'field-forbidden': -32_602,
  'header-mismatch': -32_020,
  'internal-error': -32_603,
}
/**
 * The JSON-RPC code of all refusals that `CODES` does not list. It is in JSON-RPC's range for
 * implementations, and neither MCP nor A2A uses it.
 */
const REFUSED = -32_090
const PARSE_ERROR = -32_700
const INVALID_REQUEST = -32_600
/** Reasons of `body-invalid` which mean that the body is not a JSON-RPC request at all. */
const NO_REQUEST = new Set(['not JSON-RPC 2.0', 'not one A2A request', 'too many messages'])
/**
 * Refusals of bodies whose request ids could not be read. The `id` of their error is null (JSON-RPC
 * 2.0 section 5).
 */
const UNREADABLE: ReadonlySet<RefusalCode> = new Set(['body-invalid', 'body-too-large', 'media-type-refused'])

/**
 * Tells whether the reply to a refused request is a JSON-RPC error. A notification has no id, and
 * its sender looks only at the HTTP status.
 */
const isRpcError = ({ code }: Refusal, form: ErrorForm): form is RpcForm =>
  form.as === 'json-rpc' && (form.ids?.length !== 0 || UNREADABLE.has(code))

/** Returns the HTTP status of the reply to a refused request. */
export const statusOf = (refusal: Refusal, form: ErrorForm | undefined): number =>
  (form && isRpcError(refusal, form) && form.statuses?.[refusal.code]) || refusal.row.status

/**
 * Returns the body of a refusal in the form that clients of the endpoint understand.
 * @param problem the body in the form for all other clients
 */
export function formed(refusal: Refusal, problem: Problem, form: ErrorForm | undefined): unknown {
  if (form?.as === 'google.rpc.Status') return { ...problem, error: googleStatus(problem) }
  if (!form || !isRpcError(refusal, form)) return problem
  const { ids = [], isBatch, codes } = form
  const error = { code: codes?.[refusal.code] ?? rpcCodeOf(refusal), message: problem.detail, data: problem }
  const errors = (ids.length > 0 ? ids : [null]).map((id) => ({ jsonrpc: '2.0', id, error }))
  return isBatch && ids.length > 0 ? errors : errors[0]
}

function rpcCodeOf({ code, reason }: Refusal): number {
  if (code === 'body-invalid' && reason === 'not JSON') return PARSE_ERROR
  if (code === 'body-invalid' && NO_REQUEST.has(String(reason))) return INVALID_REQUEST
  return CODES[code] ?? REFUSED
}

/** The name of the `google.rpc.Code` for each HTTP status of a refusal. */
const NAMES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

const googleStatus = ({ status, code, detail, requestId }: Problem) => ({
  code: status,
  status: NAMES[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'UNAVAILABLE'),
  message: detail,
  details: [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: code.toUpperCase().replaceAll('-', '_'),
      domain: 'sallyport',
      metadata: { requestId },
    },
  ],
})
