import fc from 'fast-check'
import { PEOPLE, type Person, secretOf } from '../../support/three-people'

/**
 * One request of a person to a LangGraph server. Numbers choose among the ids that exist at that
 * moment.
 */
export interface Operation {
  readonly person: Person
  readonly does: keyof typeof requests
  readonly thread: number
  /** Where a thread's id may be that is not looked at: in a configuration or a checkpoint. */
  readonly forged: number
  readonly run: number
  readonly flag: boolean
  readonly label: number
}

/** Ids and names that an operation can choose from. */
export interface Choice {
  readonly thread: string
  readonly forged: string
  readonly run: string
  readonly labels: readonly string[]
}

export interface Asking {
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

type Make = (choice: Choice, asked: Operation) => Asking

const get = (path: string): Asking => ({ method: 'GET', path })
const post = (path: string, body: unknown): Asking => ({ method: 'POST', path, body })

/**
 * The example's graph answers with one word to a message that asks it to count to one, which takes
 * a tenth of a second.
 */
const input = ({ person }: Operation) => ({ messages: [{ role: 'user', content: `${secretOf(person)} count to 1` }] })
const noted = ({ person }: Operation) => ({ note: secretOf(person) })

const run = (choice: Choice, asked: Operation) => ({
  assistant_id: 'agent',
  input: input(asked),
  metadata: noted(asked),
  config: { configurable: { thread_id: choice.forged } },
  checkpoint: { thread_id: choice.forged, checkpoint_ns: '' },
  multitask_strategy: 'enqueue',
  thread_id: choice.forged,
  ...(asked.flag && { if_not_exists: 'create' }),
})
const alone = (choice: Choice, asked: Operation) => ({
  ...run(choice, asked),
  ...(asked.flag && { on_completion: 'keep' }),
})

const superstep = (asked: Operation) => ({ updates: [{ values: input(asked), as_node: '__start__' }] })

const requests = {
  create: ({ thread }, asked) => post('/threads', { ...(asked.flag && { thread_id: thread }), metadata: noted(asked) }),
  'create or take': ({ thread }, asked) =>
    post('/threads', { thread_id: thread, if_exists: 'do_nothing', metadata: noted(asked) }),
  'create with steps': ({ thread }, asked) =>
    post('/threads', {
      thread_id: thread,
      metadata: { ...noted(asked), graph_id: 'agent' },
      supersteps: [superstep(asked)],
      ...(asked.flag && { if_exists: 'do_nothing' }),
    }),
  'run and wait': (choice, asked) => post(`/threads/${choice.thread}/runs/wait`, run(choice, asked)),
  'run and listen': (choice, asked) => post(`/threads/${choice.thread}/runs/stream`, run(choice, asked)),
  'run and leave': (choice, asked) => post(`/threads/${choice.thread}/runs`, run(choice, asked)),
  'wait alone': (choice, asked) => post('/runs/wait', alone(choice, asked)),
  'listen alone': (choice, asked) => post('/runs/stream', alone(choice, asked)),
  'run alone': (choice, asked) => post('/runs', alone(choice, asked)),
  'run several alone': (choice, asked) => post('/runs/batch', [alone(choice, asked), alone(choice, asked)]),
  command: (choice, asked) =>
    post(`/threads/${choice.thread}/commands`, { id: 1, method: 'run.start', params: run(choice, asked) }),
  read: ({ thread }) => get(`/threads/${thread}`),
  state: ({ thread }) => get(`/threads/${thread}/state`),
  'state of a checkpoint': ({ thread, forged }) =>
    post(`/threads/${thread}/state/checkpoint`, { checkpoint: { thread_id: forged, checkpoint_ns: '' } }),
  'set state': ({ thread, forged }, asked) =>
    post(`/threads/${thread}/state`, {
      values: input(asked),
      as_node: 'answer',
      checkpoint: { thread_id: forged, checkpoint_ns: '' },
    }),
  history: ({ thread }) => get(`/threads/${thread}/history`),
  'search history': ({ thread, forged }) =>
    post(`/threads/${thread}/history`, { limit: 10, checkpoint: { thread_id: forged, checkpoint_ns: '' } }),
  runs: ({ thread }) => get(`/threads/${thread}/runs`),
  'read run': ({ thread, run: id }) => get(`/threads/${thread}/runs/${id}`),
  join: ({ thread, run: id }, { flag }) => get(`/threads/${thread}/runs/${id}/${flag ? 'join' : 'stream'}`),
  'join alone': ({ run: id }) => get(`/runs/${id}/stream`),
  cancel: ({ thread, run: id }) => post(`/threads/${thread}/runs/${id}/cancel`, {}),
  search: ({ thread }, { flag }) =>
    post('/threads/search', { limit: 1000, ...(flag && { ids: [thread] }), metadata: { sallyport_owner: 'me' } }),
  count: () => post('/threads/count', { metadata: { sallyport_owner: null } }),
  copy: ({ thread }) => post(`/threads/${thread}/copy`, {}),
  patch: ({ thread }, asked) => ({
    method: 'PATCH',
    path: `/threads/${thread}`,
    body: { metadata: { ...noted(asked), sallyport_owner: 'nobody' } },
  }),
  'cancel several': ({ thread, run: id }) => post('/runs/cancel', { thread_id: thread, run_ids: [id] }),
  delete: ({ thread }) => ({ method: 'DELETE', path: `/threads/${thread}` }),
  put: ({ labels }, asked) => ({
    method: 'PUT',
    path: '/store/items',
    body: { namespace: labels, key: 'k', value: noted(asked) },
  }),
  get: ({ labels }) => get(`/store/items?namespace=${labels.join('.')}&key=k`),
  'search items': ({ labels }, { flag }) =>
    post('/store/items/search', { namespace_prefix: flag ? labels : [], limit: 100 }),
  'delete item': ({ labels }) => ({ method: 'DELETE', path: '/store/items', body: { namespace: labels, key: 'k' } }),
  namespaces: ({ labels }, { flag }) =>
    post('/store/namespaces', { limit: 100, ...(flag && { prefix: labels }), max_depth: flag ? 2 : 1 }),
} satisfies Record<string, Make>

export const askingOf = (choice: Choice, asked: Operation): Asking => (requests[asked.does] as Make)(choice, asked)

const names = Object.keys(requests) as Operation['does'][]
/** These take half a second. */
const slow = names.filter((does) => /^run and (?!leave)|^(?:wait|listen) alone/.test(does))
/** A run must be in progress so that another person can try to join it. */
const meeting: readonly Operation['does'][] = ['run and leave', 'join']
const quick = names.filter((does) => !slow.includes(does))

const operationOf = (person: Person): fc.Arbitrary<Operation> =>
  fc.record({
    person: fc.constant(person),
    does: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...quick) },
      { weight: 4, arbitrary: fc.constantFrom(...meeting) },
      { weight: 1, arbitrary: fc.constantFrom(...slow) },
    ),
    thread: fc.nat(8),
    forged: fc.nat(8),
    run: fc.nat(40),
    flag: fc.boolean(),
    label: fc.nat(40),
  })

/** One operation of each person, or none, all at once. */
export const round: fc.Arbitrary<(Operation | undefined)[]> = fc.tuple(
  ...PEOPLE.map((person) => fc.option(operationOf(person), { nil: undefined, freq: 20 })),
)
