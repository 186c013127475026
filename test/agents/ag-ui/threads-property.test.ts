import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { beginEvents, type Handler, type RecordingOrigin, startOrigin } from '../../support/origin'
import {
  openThreePeople,
  othersSecretsIn,
  PEOPLE,
  type Person,
  secretOf,
  type ThreePeople,
} from '../../support/three-people'
import { json } from '../../support/world'

let people: ThreePeople
let origin: RecordingOrigin

beforeAll(async () => {
  origin = await startOrigin()
  people = await openThreePeople([{ kind: 'ag-ui', origin: { url: origin.url } }])
})
afterAll(async () => {
  await people?.world.close()
  await origin?.close()
})

const UUID_V8 = /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g

interface Input {
  readonly threadId?: string
  readonly thread_id?: string
  readonly runId: string
  readonly parentRunId?: string
  readonly messages: readonly { readonly content: string }[]
}

/**
 * A stub of an agent that remembers each thread by its id, and each run, and answers with all that
 * it remembers.
 */
function remembering(): { readonly handler: Handler; readonly ids: () => string[] } {
  const memory = new Map<string, string[]>()
  const remembered = (id: string | undefined, words: readonly string[] = []): string[] => {
    if (id === undefined) return []
    const all = [...(memory.get(id) ?? []), ...words]
    memory.set(id, all)
    return all
  }
  const handler: Handler = (request, response, body) => {
    const { threadId: camel, thread_id: snake, runId, parentRunId, messages } = JSON.parse(body) as Input
    const threadId = camel ?? snake
    const words = messages.map(({ content }) => content)
    const said = [...remembered(threadId, words), ...remembered(runId, words), ...remembered(parentRunId)]
    const answer = {
      type: 'RUN_STARTED',
      threadId,
      runId,
      parentRunId,
      input: { threadId, said },
      ids: [threadId, runId],
    }
    if (request.headers.accept === 'application/json') {
      response.writeHead(words.length > 1 ? 409 : 200, { 'content-type': 'application/json' })
      return void response.end(JSON.stringify(answer))
    }
    beginEvents(response)
    const end = JSON.stringify({ type: 'RUN_FINISHED', threadId, runId })
    response.end(`data: ${JSON.stringify(answer)}\n\ndata: ${end}\n\n`)
  }
  return { handler, ids: () => [...memory.keys()] }
}

/**
 * An id from a small pool, some of which must be escaped, or the number of an id that the agent has
 * already received for one of the people.
 */
const id = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('t', 'T', 'a"b', 'a\\', '\u2028', 'ü', '$&', '0b8d7a4e-1111-4222-8333-444455556666'),
  },
  { weight: 1, arbitrary: fc.nat(20) },
)
const operation = fc.record({
  person: fc.constantFrom(...PEOPLE),
  thread: id,
  isSnake: fc.boolean(),
  run: id,
  parent: fc.option(id, { nil: undefined }),
  accept: fc.constantFrom('application/json', 'text/event-stream'),
  messages: fc.integer({ min: 1, max: 2 }),
})

it('random requests of three people never reveal a message of another person (X6)', async () => {
  const take = async (asked: typeof operation extends fc.Arbitrary<infer T> ? T : never, given: readonly string[]) => {
    const { person, accept }: { person: Person; accept: string } = asked
    const chosen = (one: string | number) => (typeof one === 'string' ? one : (given[one % given.length] ?? 'none'))
    const [threadId, runId] = [chosen(asked.thread), chosen(asked.run)]
    const parentRunId = asked.parent === undefined ? undefined : chosen(asked.parent)
    const messages = Array.from({ length: asked.messages }, () => ({ role: 'user', content: secretOf(person) }))
    const input = { [asked.isSnake ? 'thread_id' : 'threadId']: threadId, runId, parentRunId, messages }
    const reply = await people.as(person, 'ag-ui', json(input, { accept }))
    const text = await reply.text()
    const said = `${person} ${accept} ${JSON.stringify(input)} → ${reply.status} ${text}`
    try {
      expect(othersSecretsIn(person, text)).toEqual([])
      // Of the ids that the agent knows only those come back that their sender wrote.
      const known = (text.match(UUID_V8) ?? []).filter((each) => ![threadId, runId, parentRunId].includes(each))
      expect(known).toEqual([])
      const first = /^(?:data: )?([^\n]*)/.exec(text)?.[1] ?? ''
      expect(JSON.parse(first)).toMatchObject({ threadId, runId, input: { threadId } })
    } catch (thrown) {
      throw new Error(`${String(thrown)}\n${said}`)
    }
    return said
  }
  const property = fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 40 }), async (series) => {
    const { handler, ids } = remembering()
    origin.handle(handler)
    const said: string[] = []
    for (const asked of series) {
      const line = await take(asked, ids()).catch((error: Error) => {
        throw new Error(`${error.message}\n\n${said.join('\n')}`)
      })
      said.push(line)
    }
  })
  await fc.assert(property, { numRuns: 60, interruptAfterTimeLimit: 10_000 })
})
