import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LangGraphServer, startLangGraphServer } from '../../support/langgraph-server'
import { openThreePeople, othersSecretsIn, PEOPLE, type Person, type ThreePeople } from '../../support/three-people'
import { json } from '../../support/world'
import { type Asking, askingOf, type Operation, round } from './random-operations'

let people: ThreePeople
let server: LangGraphServer

beforeAll(async () => {
  server = await startLangGraphServer()
  people = await openThreePeople([{ kind: 'langgraph', origin: { url: server.url } }])
}, 120_000)
afterAll(async () => {
  await people?.world.close()
  await server?.close()
})

const at = <T>(list: readonly T[], index: number) => list[index % list.length] as T
const THREAD = /"thread_id":\s?"([^"]+)"/g
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/

interface Owned {
  readonly thread_id: string
  readonly metadata: Readonly<Record<string, unknown>>
}

/** The ids that a series of operations has brought to light, to choose from. */
class Course {
  readonly said: string[] = []
  readonly pool = Array.from({ length: 3 }, () => crypto.randomUUID() as string)
  readonly threads = [...this.pool]
  readonly runs: string[] = [crypto.randomUUID()]
  readonly own: Record<Person, string[]> = { alice: [], bob: [], namesake: [] }
  readonly ownRuns: Record<Person, string[]> = { alice: [], bob: [], namesake: [] }

  async take(asked: Operation): Promise<void> {
    const { person, does } = asked
    const own = this.own[person].length > 0 ? this.own[person] : this.pool
    const threadAt = (index: number) => at(at([this.pool, own, this.threads], index), Math.floor(index / 3))
    const asking = askingOf(
      {
        thread: threadAt(asked.thread),
        forged: threadAt(asked.forged),
        run:
          at([this.ownRuns[person].at(-1), this.runs.at(-1), at(this.runs, asked.run)], asked.run) ?? at(this.runs, 0),
        labels: at([['a'], ['a', 'b'], ['b'], ...PEOPLE.map((each) => [`u_${people.owners[each]}`, 'a'])], asked.label),
      },
      asked,
    )
    const before = await this.#threadsOf(asked)
    const { status, text, headers } = await this.#ask(person, asking)
    const after = await this.#threadsOf(asked)
    const { method, path, body = '' } = asking
    this.said.push(`${person} ${method} ${path} ${JSON.stringify(body)} → ${status} ${text.slice(0, 300)}`)
    expect(othersSecretsIn(person, text + headers)).toEqual([])
    // An error of the gateway's own would mean that it did not know what it was doing.
    expect(text).not.toContain('internal-error')
    expect(text).not.toContain('origin-reply-refused')
    this.#learn(person, `${headers}\n${text}`)
    if (status !== 200) return
    if (/^create|^copy|^run and|^command/.test(does))
      this.#note(this.own[person], /[^/]+(?=\/(?:runs|commands))/.exec(path)?.[0])
    for (const [, thread] of /^create|^copy/.test(does) ? text.matchAll(THREAD) : [])
      this.#note(this.own[person], thread)
    // A run without a thread takes its thread with it when it ends, at any moment.
    const all = new Set([...before, ...after])
    if (does === 'count') {
      expect(Number(text)).toBeLessThanOrEqual(all.size)
      expect(Number(text)).toBeGreaterThanOrEqual(before.filter((id) => after.includes(id)).length)
    } else if (does === 'search') {
      const found = (JSON.parse(text) as Owned[]).map(({ thread_id }) => thread_id)
      expect(found.filter((id) => !all.has(id))).toEqual([])
      if (!asked.flag) expect(before.filter((id) => after.includes(id) && !found.includes(id))).toEqual([])
    }
  }

  async #ask(person: Person, { method, path, body }: Asking) {
    const init = body === undefined ? { method } : { ...json(body), method }
    const response = await people.as(person, `langgraph${path}`, init)
    const text = await response.text()
    return { status: response.status, text, headers: [...response.headers].join('\n') }
  }

  /** A run's id also without the mark that makes it its owner's. */
  #learn(person: Person, text: string): void {
    for (const [, thread] of text.matchAll(THREAD)) this.#note(this.threads, thread)
    for (const [, path, member] of text.matchAll(/runs\/([^/"\s,]+)|"run_id":\s?"([^"]+)"/g)) {
      const run = path ?? member ?? ''
      this.#note(this.runs, run)
      this.#note(this.ownRuns[person], run)
      this.#note(this.runs, run.slice(0, 36))
    }
  }

  #note(list: string[], id = ''): void {
    if (UUID.test(id) && !list.includes(id)) list.push(id)
    if (list.length > 12) list.splice(0, 1)
  }

  /** The things of one person that the server itself has. */
  async #threadsOf({ person, does }: Operation): Promise<string[]> {
    if (does !== 'search' && does !== 'count') return []
    const all = (await (await fetch(`${server.url}/threads/search`, json({ limit: 1000 }))).json()) as Owned[]
    const owners = new Set<unknown>(Object.values(people.owners))
    expect(all.filter(({ metadata }) => !owners.has(metadata.sallyport_owner))).toEqual([])
    return all
      .filter(({ metadata }) => metadata.sallyport_owner === people.owners[person])
      .map((each) => each.thread_id)
  }
}

describe('random operations of three people (X6)', () => {
  it('random operations of three people with known ids never show data of another person', async () => {
    const property = fc.asyncProperty(fc.array(round, { minLength: 20, maxLength: 40 }), async (series) => {
      const course = new Course()
      try {
        for (const each of series) await Promise.all(each.map((asked) => asked && course.take(asked)))
      } catch (thrown) {
        throw new Error(`${String(thrown)}\n\n${course.said.join('\n')}`)
      }
    })
    await fc.assert(property, { numRuns: 40, interruptAfterTimeLimit: 25_000 })
  }, 60_000)
})
