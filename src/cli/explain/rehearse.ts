import type { AuditEvent } from '../../audit/event'
import { startGateway } from '../../testing/gateway'
import type { Received } from '../../testing/outside'
import type { TestPerson } from '../../testing/token'

/** A request that `sallyport explain` tries, as a caller would send it. */
export interface Rehearsed {
  readonly method: string
  /** Path and query, as the caller writes them. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** The result of a request that `rehearse` tried. */
export interface Outcome {
  readonly status: number
  /** The body of the answer. */
  readonly answer: string
  readonly audit: AuditEvent
  /** The last request that the agent received; undefined if it received none. */
  readonly received: Received | undefined
  /** The test token that was sent, which no real gateway accepts; undefined without a user. */
  readonly token: string | undefined
}

/**
 * Sends one request through the project's own Worker in workerd, with a simulated identity provider
 * and simulated agents. Nothing reaches a network. The agents answer every request with an empty
 * JSON object, so they know no threads.
 *
 * @param as the user who is signed in; undefined for none
 */
export async function rehearse(
  root: string,
  env: string | undefined,
  { method, path, headers, body }: Rehearsed,
  as: TestPerson | undefined,
): Promise<Outcome> {
  const gateway = await startGateway({ root, ...(env !== undefined && { env }) })
  try {
    const token = as && (await gateway.token(as))
    const response = await gateway.fetch(path, {
      method,
      headers: token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` },
      ...(body !== undefined && { body }),
    })
    const answer = await response.text()
    const audit = await gateway.auditOf(response)
    const received = audit.route === undefined ? undefined : gateway.received(audit.route).at(-1)
    return { status: response.status, answer, audit, received, token }
  } finally {
    await gateway.close()
  }
}
