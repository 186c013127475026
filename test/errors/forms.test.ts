import { describe, expect, it } from 'vitest'
import { type ErrorForm, formed, type RpcForm, statusOf } from '../../src/errors/forms'
import { Refusal } from '../../src/errors/refusal'

/* How refusals are written for the clients of JSON-RPC and of A2A's binding to HTTP. */

const rpc = (more: Partial<RpcForm> = {}): ErrorForm => ({
  as: 'json-rpc',
  ids: [],
  isBatch: false,
  statuses: {},
  ...more,
})
const problemOf = ({ code, row }: Refusal) => ({ code, detail: row.detail, status: row.status, requestId: 'r' })
const written = (refusal: Refusal, form: ErrorForm | undefined) => formed(refusal, problemOf(refusal), form)

const unknown = new Refusal('operation-unknown')
const notJson = new Refusal('body-invalid', 'not JSON')
const notRpc = new Refusal('body-invalid', 'not JSON-RPC 2.0')
const badParams = new Refusal('body-invalid', 'name')
const missing = new Refusal('token-missing')

describe('refusals in JSON-RPC', () => {
  it.each<[string, Refusal, number]>([
    ['bytes that are not JSON', notJson, -32_700],
    ['JSON that is not a request', notRpc, -32_600],
    ['a batch where batches do not exist', new Refusal('body-invalid', 'not one A2A request'), -32_600],
    ['invalid parameters', badParams, -32_602],
    ['another content type than JSON', new Refusal('media-type-refused', 'content-type'), -32_090],
    ['a body that is too large', new Refusal('body-too-large'), -32_090],
  ])('a JSON-RPC error about %s has the id null, because the gateway read no request', (_what, refusal, code) => {
    const error = { code, message: refusal.row.detail, data: problemOf(refusal) }
    expect(written(refusal, rpc())).toEqual({ jsonrpc: '2.0', id: null, error })
    // A batch that cannot be read is answered by one error (section 6).
    expect(written(refusal, rpc({ isBatch: true }))).toEqual({ jsonrpc: '2.0', id: null, error })
  })

  it('a refusal of a batch has a JSON-RPC error for each request, with the id of the request', () => {
    expect(written(unknown, rpc({ ids: [1, 'b'], isBatch: true }))).toMatchObject([
      { id: 1, error: { code: -32_601 } },
      { id: 'b', error: { code: -32_601 } },
    ])
  })

  it('a refusal before the body is read is a JSON-RPC error with the id null and status 401', () => {
    const { ids: _, ...unread } = rpc() as RpcForm
    expect(written(missing, unread)).toMatchObject({ id: null, error: { code: -32_090, data: { code: missing.code } } })
    expect(statusOf(missing, unread)).toBe(401)
  })

  it('a refusal of a JSON-RPC notification is a problem document, not a JSON-RPC error', () => {
    expect(written(unknown, rpc())).toEqual(problemOf(unknown))
    expect(written(unknown, undefined)).toEqual(problemOf(unknown))
  })

  it('a JSON-RPC error has the status that the protocol sets, and other refusals keep their status', () => {
    const a2a = { statuses: { 'operation-unknown': 200, 'body-invalid': 200 } }
    expect(statusOf(unknown, rpc({ ids: [1], ...a2a }))).toBe(200)
    expect(statusOf(notJson, rpc(a2a))).toBe(200)
    expect(statusOf(unknown, rpc(a2a))).toBe(404)
    expect(statusOf(missing, rpc({ ids: [1], ...a2a }))).toBe(401)
    expect(statusOf(notJson, rpc())).toBe(400)
    expect(statusOf(notJson, undefined)).toBe(400)
  })
})

describe('refusals as google.rpc.Status', () => {
  it.each<[Refusal, number, string]>([
    [badParams, 400, 'INVALID_ARGUMENT'],
    [missing, 401, 'UNAUTHENTICATED'],
    [new Refusal('policy-denied'), 403, 'PERMISSION_DENIED'],
    [unknown, 404, 'NOT_FOUND'],
    [new Refusal('method-not-allowed'), 405, 'INVALID_ARGUMENT'],
    [new Refusal('origin-unreachable'), 502, 'UNAVAILABLE'],
    [new Refusal('origin-timeout'), 504, 'DEADLINE_EXCEEDED'],
  ])('a refusal in the form google.rpc.Status has code, status, message and details: %s', (refusal, status, name) => {
    expect(written(refusal, { as: 'google.rpc.Status' })).toMatchObject({
      code: refusal.code,
      requestId: 'r',
      error: {
        code: status,
        status: name,
        message: refusal.row.detail,
        details: [{ reason: refusal.code.toUpperCase().replaceAll('-', '_'), domain: 'sallyport' }],
      },
    })
    expect(statusOf(refusal, { as: 'google.rpc.Status' })).toBe(status)
  })
})
