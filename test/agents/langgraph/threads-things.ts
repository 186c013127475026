import { expect, vi } from 'vitest'
import type { Heard, Kind, LangGraphStage, Person } from './stage'

/**
 * The things that one person has at a server, with a secret that no other person's things have.
 */
export interface Things extends Aim {
  readonly kind: Kind
  readonly owner: string
  /** In every message, value and piece of metadata of theirs. */
  readonly secret: string
  /** A second thread, whose run has not ended. */
  readonly busy: string
  readonly going: string
  /** All that there is of them now, as it is at the server itself, by where it was read. */
  stored(): Promise<Stored>
  /** The same, as it was when they had been made. */
  readonly made: Stored
}

type Stored = ReadonlyMap<string, string>

/** Ids that a request can be aimed at. */
export interface Aim {
  readonly thread: string
  readonly run: string
  readonly checkpoint: string
  readonly cron: string
  /** Of a run without a thread, as the gateway tells it. */
  readonly sealed: string
}

export const nowhere = (): Aim => ({
  thread: crypto.randomUUID(),
  run: crypto.randomUUID(),
  checkpoint: crypto.randomUUID(),
  cron: crypto.randomUUID(),
  sealed: `${crypto.randomUUID()}.${'A'.repeat(43)}`,
})

const yearly = '0 0 1 1 *'
export const run = (content: string, more: object = {}) => ({
  assistant_id: 'agent',
  input: { messages: [{ role: 'user', content }] },
  ...more,
})

function good(heard: Heard): Heard {
  expect([200, 204], heard.text).toContain(heard.status)
  return heard
}

/**
 * Makes through the gateway what a person can have: threads, runs that have ended and that have
 * not, an item, crons.
 */
export async function makeThings(stage: LangGraphStage, kind: Kind, person: Person): Promise<Things> {
  const ask = stage.as(person, kind)
  const at = stage.at(kind)
  const secret = `secret-${crypto.randomUUID()}`
  const metadata = { secret }
  const silent = run(`be silent for 300 seconds, ${secret}`, { metadata, stream_resumable: true })
  const thread = good(await ask('POST', '/threads', { metadata })).json.thread_id
  good(await ask('POST', `/threads/${thread}/runs/wait`, run(secret, { metadata })))
  const busy = good(await ask('POST', '/threads', { metadata })).json.thread_id
  const going = good(await ask('POST', `/threads/${busy}/runs`, silent)).json.run_id
  const stateless = good(await ask('POST', '/runs', { ...silent, on_completion: 'keep' })).json
  good(await ask('PUT', '/store/items', { namespace: ['notes'], key: 'first', value: { secret } }))
  const cron =
    kind === 'python'
      ? good(await ask('POST', '/runs/crons', run(secret, { schedule: yearly, metadata }))).json.cron_id
      : crypto.randomUUID()
  if (kind === 'python') good(await ask('POST', `/threads/${thread}/runs/crons`, run(secret, { schedule: yearly })))

  const owner = good(await at('GET', `/threads/${thread}`)).json.metadata.sallyport_owner
  const [{ run_id: ended }] = good(await at('GET', `/threads/${thread}/runs`)).json
  const checkpoint = good(await at('GET', `/threads/${thread}/state`)).json.checkpoint.checkpoint_id
  // Until both runs have begun, and written that they have.
  for (const id of [busy, stateless.thread_id]) {
    const begun = async () => {
      expect((await at('GET', `/threads/${id}/runs`)).json).toMatchObject([{ status: 'running' }])
      expect((await at('GET', `/threads/${id}/state`)).json).toMatchObject({ next: ['answer'] })
    }
    await vi.waitFor(begun, { timeout: 20_000 })
  }
  const filter = { metadata: { sallyport_owner: owner } }
  const parts = [
    ...[thread, busy].flatMap((id) =>
      ['', '/state', '/history', '/runs'].map((part) => ['GET', `/threads/${id}${part}`]),
    ),
    ['POST', '/threads/search', { ...filter, limit: 100 }],
    ['POST', '/store/items/search', { namespace_prefix: [`u_${owner}`], limit: 100 }],
    ...(kind === 'python' ? [['POST', '/runs/crons/search', { ...filter, limit: 100 }]] : []),
  ] as [string, string, object?][]
  const stored = async () =>
    new Map(await Promise.all(parts.map(async (part) => [part[1], good(await at(...part)).text] as const)))
  return {
    kind,
    owner,
    secret,
    thread,
    run: ended,
    checkpoint,
    cron,
    busy,
    going,
    sealed: stateless.run_id,
    stored,
    made: await stored(),
  }
}

/**
 * Checks that everything is unchanged, byte for byte. Names only the parts that differ.
 */
export async function expectUntouched({ made, stored }: Things): Promise<void> {
  const now = await stored()
  expect([...made.keys()].filter((part) => now.get(part) !== made.get(part))).toEqual([])
}

/** A reply without what is new in each: times, and ids that stood in the request. */
export function plain({ status, headers, text }: Heard, aim: object): string {
  const { date: _, 'x-request-id': id = 'none', ...rest } = headers
  const said = JSON.stringify([status, rest, text]).replaceAll(id, '<request>')
  return Object.entries(aim)
    .filter(([, value]) => typeof value === 'string')
    .reduce((so, [name, value]) => so.replaceAll(value, `<${name}>`), said)
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)/g, '<time>')
}
