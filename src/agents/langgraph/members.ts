import type { Sharing } from '../../threads/owner'
import type { DecidingMember } from '../members'

/** Returns the operation for ending a run; with `threads: 'own'` none, as it is the caller's. */
const endsRun = (threads: Sharing): string | undefined => (threads === 'own' ? undefined : 'run.cancel')

/** Texts that servers read as false; every other value of a switch counts as true. */
const NO = new Set(['', '0', 'false', 'no', 'off'])

/**
 * The effect of a new run on one that is still going on in the same thread. The event protocol uses
 * the second spelling.
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

/** The thread of a stateless run. It is deleted after the run unless the request keeps it. */
const onCompletion: DecidingMember = {
  place: 'body',
  spellings: ['on_completion', 'onCompletion'],
  asks: (value) => (value === 'keep' ? 'threads.create' : undefined),
}

/** The same for the runs of a cron. */
const onRunCompleted: DecidingMember = {
  place: 'body',
  spellings: ['on_run_completed', 'onRunCompleted'],
  asks: (value) => (value === 'keep' ? 'threads.create' : undefined),
}

/** A time after which the server deletes the thread. */
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

/** Whether the run ends when its listener leaves. */
const cancelOnDisconnect: DecidingMember = {
  place: 'query',
  spellings: ['cancel_on_disconnect'],
  asks: (value, threads) => (NO.has(String(value).toLowerCase()) ? undefined : endsRun(threads)),
}

/**
 * The deciding members for each kind of endpoint. `on_disconnect` is not among them: it ends only
 * the run that the request itself starts. The adapter refuses `webhook` everywhere.
 */
export const members = {
  run: [multitaskStrategy, ifNotExists],
  statelessRun: [multitaskStrategy, ifNotExists, onCompletion],
  cron: [multitaskStrategy, ifNotExists, onRunCompleted],
  thread: [timeToLive],
  cancel: [action],
  join: [cancelOnDisconnect],
} as const satisfies Record<string, readonly DecidingMember[]>
