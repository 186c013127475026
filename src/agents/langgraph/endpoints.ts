import { patch, post, put, read, remove, type WhoseOf } from '../endpoints'
import { members } from './members'

const closed = { closed: true } as const
const closedIfShared = { closedIfShared: true } as const
const listens = { listens: true } as const
const joins = { ...listens, members: members.join } as const
const startsRun = { startsRun: true, members: members.run } as const
const startsStatelessRun = { startsRun: true, members: members.statelessRun } as const
const startsCron = { ...closed, startsRun: true, members: members.cron } as const

/**
 * The endpoints of a LangGraph server. Changes to assistants, crons and the health check are closed
 * unless the route opens them. A forged configuration of an assistant would reach the runs of all
 * callers. If threads are shared, the store is closed too, because the server does not separate it
 * by caller. `/internal`, `/metrics`, `/docs`, `/ui`, `/mcp` and `/a2a` are not offered at all, and
 * the pruning of a list of threads is not offered either. On some servers, the count of crons
 * includes the crons of all callers, because these servers cannot filter the count by owner.
 */
export const endpoints = [
  post('assistants.search', '/assistants/search', 'assistant'),
  post('assistants.count', '/assistants/count', 'assistant'),
  read('assistants.read', '/assistants/:assistant', 'assistant'),
  read('assistants.read', '/assistants/:assistant/graph', 'assistant'),
  read('assistants.read', '/assistants/:assistant/subgraphs', 'assistant'),
  read('assistants.read', '/assistants/:assistant/subgraphs/:namespace', 'assistant'),
  read('assistants.read', '/assistants/:assistant/schemas', 'assistant'),
  post('assistants.read', '/assistants/:assistant/versions', 'assistant'),
  post('assistants.create', '/assistants', 'assistant', closed),
  patch('assistants.update', '/assistants/:assistant', 'assistant', closed),
  post('assistants.update', '/assistants/:assistant/latest', 'assistant', closed),
  remove('assistants.delete', '/assistants/:assistant', 'assistant', closed),

  post('threads.create', '/threads', 'new thread', { members: members.thread }),
  post('threads.search', '/threads/search', 'listed'),
  post('threads.count', '/threads/count', 'listed'),
  read('threads.read', '/threads/:thread', 'thread'),
  patch('threads.update', '/threads/:thread', 'changed thread', { members: members.thread }),
  remove('threads.delete', '/threads/:thread', 'deleted thread'),
  post('threads.copy', '/threads/:thread/copy', 'thread'),
  read('threads.read', '/threads/:thread/state', 'thread'),
  read('threads.read', '/threads/:thread/state/:checkpoint', 'thread'),
  post('threads.read', '/threads/:thread/state/checkpoint', 'thread'),
  post('threads.update', '/threads/:thread/state', 'changed thread'),
  read('threads.read', '/threads/:thread/history', 'thread'),
  post('threads.read', '/threads/:thread/history', 'thread'),
  read('threads.stream', '/threads/:thread/stream', 'thread', listens),

  read('run.list', '/threads/:thread/runs', 'thread'),
  post('run.create', '/threads/:thread/runs', 'new run', startsRun),
  post('run.stream', '/threads/:thread/runs/stream', 'new run', startsRun),
  post('run.wait', '/threads/:thread/runs/wait', 'new run', startsRun),
  read('run.read', '/threads/:thread/runs/:run', 'run'),
  remove('run.delete', '/threads/:thread/runs/:run', 'run'),
  read('run.join', '/threads/:thread/runs/:run/join', 'joined run', joins),
  read('run.join', '/threads/:thread/runs/:run/stream', 'joined run', joins),
  post('run.cancel', '/threads/:thread/runs/:run/cancel', 'run', { members: members.cancel }),
  post('run.create', '/runs', 'stateless run', startsStatelessRun),
  post('run.stream', '/runs/stream', 'stateless run', startsStatelessRun),
  post('run.wait', '/runs/wait', 'stateless run', startsStatelessRun),
  post('run.batch', '/runs/batch', 'stateless run', startsStatelessRun),
  post('run.cancel', '/runs/cancel', 'named runs', { members: members.cancel }),
  read('run.join', '/runs/:run/stream', 'joined stateless run', joins),
  post('run.command', '/threads/:thread/commands', 'command', startsRun),
  post('threads.stream', '/threads/:thread/stream/events', 'thread to come', listens),

  post('crons.create', '/threads/:thread/runs/crons', 'new cron', startsCron),
  post('crons.create', '/runs/crons', 'new cron', startsCron),
  post('crons.search', '/runs/crons/search', 'listed crons', closed),
  post('crons.count', '/runs/crons/count', 'everybody', closed),
  read('crons.read', '/runs/crons/:cron', 'cron', closed),
  patch('crons.update', '/runs/crons/:cron', 'changed cron', startsCron),
  remove('crons.delete', '/runs/crons/:cron', 'cron', closed),

  put('store.put', '/store/items', 'store', closedIfShared),
  read('store.read', '/store/items', 'store', closedIfShared),
  remove('store.delete', '/store/items', 'store', { ...closedIfShared, body: 'json' }),
  post('store.search', '/store/items/search', 'store', closedIfShared),
  post('store.list', '/store/namespaces', 'store', closedIfShared),

  read('info', '/info', 'nobody'),
  read('health', '/ok', 'nobody', closed),
]

/** The names of the ownership rules that rows of this table use. */
export type Whose = WhoseOf<typeof endpoints>
