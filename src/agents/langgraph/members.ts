import type { Sharing } from '../../threads/owner'
import type { DecidingMember } from '../members'

/**
 * Returns the operation that a caller needs to end a run. With `threads: 'own'` none is needed,
 * because the run is the caller's.
 */
const endsRun = (threads: Sharing): string | undefined => (threads === 'own' ? undefined : 'run.cancel')

/** Values of a query parameter that servers read as false. Every other value counts as true. */
const NO = new Set(['', '0', 'false', 'no', 'off'])

/**
 * The member that decides what happens to a run in progress when a new run starts in the same
 * thread. LangGraph's event protocol uses the second spelling.
 */
const multitaskStrategy: DecidingMember = {
  place: 'body',
  spellings: ['multitask_strategy', 'multitaskStrategy'],
  asks: (value, threads) =>
    value === 'rollback' ? 'run.delete' : value === 'interrupt' ? endsRun(threads) : undefined,
}

const ifNotExists: DecidingMember = {
  place: 'body',
  spellings: ['if_not_exists', 'ifNotExists'],
  asks: (value) => (value === 'create' ? 'threads.create' : undefined),
}

/**
 * The member that can keep the thread of a stateless run. Otherwise the server deletes the thread
 * after the run.
 */
const onCompletion: DecidingMember = {
  place: 'body',
  spellings: ['on_completion', 'onCompletion'],
  asks: (value) => (value === 'keep' ? 'threads.create' : undefined),
}

/** The member that can keep the threads of the runs that a cron (a schedule) starts. */
const onRunCompleted: DecidingMember = {
  place: 'body',
  spellings: ['on_run_completed', 'onRunCompleted'],
  asks: (value) => (value === 'keep' ? 'threads.create' : undefined),
}

/** The member with a time after which the server deletes the thread. */
const timeToLive: DecidingMember = {
  place: 'body',
  spellings: ['ttl'],
  asks: (value) => (value === null ? undefined : 'threads.delete'),
}

const action: DecidingMember = {
  place: 'query',
  spellings: ['action'],
  asks: (value) => (value === 'rollback' ? 'run.delete' : undefined),
}

/** The parameter that decides whether a run ends when the caller who listens to it disconnects. */
const cancelOnDisconnect: DecidingMember = {
  place: 'query',
  spellings: ['cancel_on_disconnect'],
  asks: (value, threads) => (NO.has(String(value).toLowerCase()) ? undefined : endsRun(threads)),
}

/**
 * The members that ask for further operations, for each kind of endpoint. `on_disconnect` is not
 * included, because it ends only the run that the request itself starts. The adapter refuses
 * `webhook` everywhere.
 */
export const members = {
  run: [multitaskStrategy, ifNotExists],
  statelessRun: [multitaskStrategy, ifNotExists, onCompletion],
  cron: [multitaskStrategy, ifNotExists, onRunCompleted],
  thread: [timeToLive],
  cancel: [action],
  join: [cancelOnDisconnect],
} as const satisfies Record<string, readonly DecidingMember[]>
