import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Heard, type Kind, kinds, type LangGraphStage, openLangGraph, type Person } from './stage'
import { type Attempt, attempts, pathFor } from './threads-table'
import { type Aim, expectUntouched, makeThings, nowhere, plain, type Things } from './threads-things'

let stage: LangGraphStage
const things: Partial<Record<Kind, { alice: Things; stranger: Things; nobody: Aim }>> = {}

beforeAll(async () => {
  stage = await openLangGraph()
  await Promise.all(
    kinds.map(async (kind) => {
      const make = (person: Person) => makeThings(stage, kind, person)
      const [alice, stranger] = await Promise.all([make('alice'), make('stranger')])
      const { json } = await stage.at(kind)('POST', '/threads', {})
      things[kind] = { alice, stranger, nobody: { ...nowhere(), thread: json.thread_id } }
    }),
  )
}, 600_000)
afterAll(() => stage?.close())

const thingsAt = (kind: Kind) => things[kind]!

/**
 * The person who tries, and the owner of the thread. They are always two people, so that no
 * owner changes the things being compared.
 */
const pairs = [
  ['bob', 'alice'],
  ['namesake', 'alice'],
  ['admin', 'stranger'],
] as const

function attempt(person: Person, kind: Kind, row: string, aim: Aim): Promise<Heard> {
  const [method = '', path = ''] = row.split(' ')
  const { query = '', body } = attempts[row] as Attempt
  return stage.as(person, kind)(method, pathFor(path, aim) + query, body?.(aim))
}

function expectNothingOf({ secret, owner }: Things, heard: Heard): void {
  expect(heard.text).not.toContain(secret)
  expect(heard.text).not.toContain(owner)
  expect(JSON.stringify(heard.headers)).not.toContain(owner)
}

it('each path and method of the Python server is in the table of requests to try (X6)', async () => {
  const { paths } = (await stage.at('python')('GET', '/openapi.json')).json
  const served = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(Object.keys(attempts).sort()).toEqual([...served, 'GET /runs/{run_id}/stream'].sort())
})

/** All of them at once, and afterwards everything is as it was. */
async function eachTries(kind: Kind, tries: (person: Person, victim: Things) => Promise<void>): Promise<void> {
  await Promise.all(pairs.map(([person, whose]) => tries(person, thingsAt(kind)[whose])))
  await expectUntouched(thingsAt(kind).alice)
  await expectUntouched(thingsAt(kind).stranger)
}

/** Both a thread that is done and one that is busy. */
const both = (victim: Things): Aim[] => [victim, { ...victim, thread: victim.busy, run: victim.going }]

describe.each(kinds)('data of another person on a %s server (X6, X15)', (kind) => {
  it.each(rowsOf(({ closed, common }) => !closed && !common))(
    'a request for data of another person gets the same answer as for missing data, and changes nothing: %s',
    async (row) => {
      const { claims } = attempts[row] as Attempt
      await eachTries(kind, async (person, victim) => {
        // A free id would belong to the caller from here on.
        const missing = claims ? thingsAt(kind).nobody : nowhere()
        const aims = [missing, ...both(victim)]
        const heard = await Promise.all(aims.map((aim) => attempt(person, kind, row, aim)))
        for (const each of heard) expectNothingOf(victim, each)
        const [expected, ...replies] = aims.map((aim, index) => plain(heard[index]!, aim))
        if (!isOwnMaking(row)) expect(replies).toEqual([expected, expected])
        if (claims) expect(heard.map(({ json }) => json.code)).toEqual(Array(3).fill('thread-unknown'))
      })
    },
  )

  it.each(rowsOf((_, row) => /\{thread_id\}.*(?:\{(?:run|checkpoint)_id\}|checkpoint$|history$)/.test(row)))(
    'in a path below a thread of the caller, an id of another person gets the same answer as a missing id: %s',
    async (row) => {
      await eachTries(kind, async (person, victim) => {
        const { thread_id: thread } = (await stage.as(person, kind)('POST', '/threads', {})).json
        const aims = [nowhere(), ...both(victim)].map((aim) => ({ ...aim, thread }))
        const heard = await Promise.all(aims.map((aim) => attempt(person, kind, row, aim)))
        for (const each of heard) expectNothingOf(victim, each)
        const [expected, ...replies] = aims.map((aim, index) => plain(heard[index]!, aim))
        expect(replies).toEqual([expected, expected])
      })
    },
  )

  it.each(rowsOf(({ common }) => common === true))(
    'an answer that is the same for everyone contains no data of another person: %s',
    async (row) => {
      const heard = await attempt('bob', kind, row, nowhere())
      expectNothingOf(thingsAt(kind).alice, heard)
    },
  )

  it.each(rowsOf(({ closed }) => closed === true))(
    'an operation that the route does not offer is refused, and changes no data: %s',
    async (row) => {
      const { status, json } = await attempt('bob', kind, row, thingsAt(kind).alice)
      // This segment stands where a thread's id could, and is an endpoint for other methods.
      if (row === 'POST /threads/prune')
        expect({ status, code: json.code }).toEqual({ status: 405, code: 'method-not-allowed' })
      else expect({ status, code: json.code }).toEqual({ status: 404, code: 'operation-unknown' })
      await expectUntouched(thingsAt(kind).alice)
    },
  )
})

function rowsOf(isFit: (attempt: Attempt, row: string) => boolean): string[] {
  return Object.entries(attempts).flatMap(([row, each]) => (isFit(each, row) ? [row] : []))
}

/** The answers of these are new each time: a run or a schedule of the caller's own. */
function isOwnMaking(row: string): boolean {
  return /^POST \/runs(?:$|\/(?:stream|wait|batch|crons)$)/.test(row)
}
