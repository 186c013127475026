import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from '../../../src/authentication/principal'
import { createOwners } from '../../../src/threads/owner'
import type { Handler, Received, RecordingOrigin } from '../../support/origin'
import type { World } from '../../support/world'

/** The member of a thread's metadata in which the gateway writes the owner. */
export const OWNER = 'sallyport_owner'

/** By whom their threads are known to the gateway. */
export const ownerIn = ({ provider }: World, userId: 'alice' | 'bob'): Promise<string> =>
  createOwners()({ identityProvider: provider.issuer, userId } as Principal, 'own')

export const isQuestion = ({ url, body }: Pick<Received, 'url' | 'body'>): boolean =>
  url === '/threads/search' && body.includes('"ids"')

export const questionsAt = (origin: RecordingOrigin): Received[] => origin.received.filter(isQuestion)

/** Requests of callers, without the questions that the gateway itself asks. */
export const forwardedTo = (origin: RecordingOrigin): Received[] => origin.received.filter((each) => !isQuestion(each))

export type Say = (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>

export const says =
  (status: number, body: unknown, type = 'application/json'): Say =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': type })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

/** Whether it asks for what has to be cancelled before a thread is deleted. */
export const isListing = (url = ''): boolean => /^\/threads\/[^/]+\/runs\?.*status=/.test(url)

/**
 * A stub: it answers the gateway's question as it is told, makes and deletes threads, and says yes
 * to everything else.
 */
export class LangGraphStub {
  readonly owners = new Map<string, unknown>()
  /** Takes the place of its own answer to the question. */
  asked: Say | undefined
  /** Its answer about a thread's runs that wait or go on: that there are none. */
  listed: Say = says(200, [])
  /** Takes the place of its yes. */
  said: Say = says(200, { said: 'yes' })

  /** A thread with this owner, or with any other value in its place. */
  thread(owner: unknown, id: string = crypto.randomUUID()): string {
    this.owners.set(id, owner)
    return id
  }

  readonly handler: Handler = async (request, response, body) => {
    const { method = '', url = '' } = request
    const [, , id = ''] = url.split('/')
    if (isQuestion({ url, body })) return (this.asked ?? this.#answer)(request, response, body)
    if (method === 'GET' && isListing(url)) return this.listed(request, response, body)
    if (method === 'POST' && url === '/threads') {
      const { thread_id, metadata, if_exists } = JSON.parse(body) as {
        thread_id: string
        metadata: Record<string, unknown>
        if_exists?: string
      }
      if (this.owners.has(thread_id) && if_exists === 'do_nothing')
        return says(200, { thread_id, metadata: { [OWNER]: this.owners.get(thread_id) } })(request, response, body)
      if (this.owners.has(thread_id)) return says(409, 'Thread already exists', 'text/plain')(request, response, body)
      this.owners.set(thread_id, metadata[OWNER])
      return says(200, { thread_id, metadata })(request, response, body)
    }
    if (method === 'DELETE' && url === `/threads/${id}`) this.owners.delete(id)
    return this.said(request, response, body)
  }

  readonly #answer: Say = (request, response, body) => {
    const { ids } = JSON.parse(body) as { ids: string[] }
    const found = ids.filter((id) => this.owners.has(id))
    const threads = found.map((thread_id) => ({ thread_id, metadata: { [OWNER]: this.owners.get(thread_id) } }))
    return says(200, threads)(request, response, body)
  }
}
