import type { Sharing } from '../../threads/owner'
import type { DecidingMember } from '../members'

/** Ending a run that may be another person's. On routes with `threads: 'own'` it is one's own. */
const endsRun = (threads: Sharing): string | undefined => (threads === 'own' ? undefined : 'run.cancel')

/** Texts that servers take for no; every other value of a switch counts as yes. */
const NO = new Set(['', '0', 'false', 'no', 'off'])

/**
 * The effect of a new run on one that goes on in the same thread. The event protocol has the second
 * spelling.
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

/** The thread of a stateless run, which is deleted after it unless the request keeps it. */
const onCompletion: DecidingMember = {
  place: 'body',
  spellings: ['on_completion', 'onCompletion'],
  asks: (value) => (value === 'keep' ? 'threads.create' : undefined),
}

/** The same of a cron's runs. */
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
 * Members that decide, by what an endpoint does. `on_disconnect` is not among them: it ends only
 * the run that the request itself starts. `webhook` is refused by the adapter wherever it stands.
 */
export const members = {
  run: [multitaskStrategy, ifNotExists],
  statelessRun: [multitaskStrategy, ifNotExists, onCompletion],
  cron: [multitaskStrategy, ifNotExists, onRunCompleted],
  thread: [timeToLive],
  cancel: [action],
  join: [cancelOnDisconnect],
} as const satisfies Record<string, readonly DecidingMember[]>
