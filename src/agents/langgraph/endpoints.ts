import type { Endpoint } from '../adapter'

const read = (operation: string, path: string): Endpoint => ({ operation, method: 'GET', path })
const post = (operation: string, path: string): Endpoint => ({ operation, method: 'POST', path, body: 'json' })
const closed = (endpoint: Endpoint): Endpoint => ({ ...endpoint, closed: true })
const closedIfShared = (endpoint: Endpoint): Endpoint => ({ ...endpoint, closedIfShared: true })

/**
 * The API of a LangGraph server. Closed unless a route opens them: what changes assistants (one forged assistant's
 * configuration reaches everybody's runs), crons, and endpoints that tell about the server; where threads are shared, also
 * the store, which the server keeps apart for nobody. `/internal`, `/metrics`, `/docs`, `/ui`, `/mcp` and `/a2a` are not listed at
 * all, and neither is what prunes threads by the list.
 */
export const endpoints: readonly Endpoint[] = [
  post('assistants.search', '/assistants/search'),
  post('assistants.count', '/assistants/count'),
  read('assistants.read', '/assistants/:assistant'),
  read('assistants.read', '/assistants/:assistant/graph'),
  read('assistants.read', '/assistants/:assistant/subgraphs'),
  read('assistants.read', '/assistants/:assistant/subgraphs/:namespace'),
  read('assistants.read', '/assistants/:assistant/schemas'),
  post('assistants.read', '/assistants/:assistant/versions'),
  closed(post('assistants.create', '/assistants')),
  closed({ operation: 'assistants.update', method: 'PATCH', path: '/assistants/:assistant', body: 'json' }),
  closed(post('assistants.update', '/assistants/:assistant/latest')),
  closed({ operation: 'assistants.delete', method: 'DELETE', path: '/assistants/:assistant' }),

  post('threads.create', '/threads'),
  post('threads.search', '/threads/search'),
  post('threads.count', '/threads/count'),
  read('threads.read', '/threads/:thread'),
  { operation: 'threads.update', method: 'PATCH', path: '/threads/:thread', body: 'json' },
  { operation: 'threads.delete', method: 'DELETE', path: '/threads/:thread' },
  post('threads.copy', '/threads/:thread/copy'),
  read('threads.read', '/threads/:thread/state'),
  read('threads.read', '/threads/:thread/state/:checkpoint'),
  post('threads.read', '/threads/:thread/state/checkpoint'),
  post('threads.update', '/threads/:thread/state'),
  read('threads.read', '/threads/:thread/history'),
  post('threads.read', '/threads/:thread/history'),
  read('threads.stream', '/threads/:thread/stream'),

  read('run.list', '/threads/:thread/runs'),
  post('run.create', '/threads/:thread/runs'),
  post('run.stream', '/threads/:thread/runs/stream'),
  post('run.wait', '/threads/:thread/runs/wait'),
  read('run.read', '/threads/:thread/runs/:run'),
  { operation: 'run.delete', method: 'DELETE', path: '/threads/:thread/runs/:run' },
  read('run.join', '/threads/:thread/runs/:run/join'),
  read('run.join', '/threads/:thread/runs/:run/stream'),
  post('run.cancel', '/threads/:thread/runs/:run/cancel'),
  post('run.create', '/runs'),
  post('run.stream', '/runs/stream'),
  post('run.wait', '/runs/wait'),
  post('run.batch', '/runs/batch'),
  post('run.cancel', '/runs/cancel'),
  read('run.join', '/runs/:run/stream'),
  post('run.command', '/threads/:thread/commands'),
  post('threads.stream', '/threads/:thread/stream/events'),

  closed(post('crons.create', '/threads/:thread/runs/crons')),
  closed(post('crons.create', '/runs/crons')),
  closed(post('crons.search', '/runs/crons/search')),
  closed(post('crons.count', '/runs/crons/count')),
  closed(read('crons.read', '/runs/crons/:cron')),
  closed({ operation: 'crons.update', method: 'PATCH', path: '/runs/crons/:cron', body: 'json' }),
  closed({ operation: 'crons.delete', method: 'DELETE', path: '/runs/crons/:cron' }),

  closedIfShared({ operation: 'store.put', method: 'PUT', path: '/store/items', body: 'json' }),
  closedIfShared(read('store.read', '/store/items')),
  closedIfShared({ operation: 'store.delete', method: 'DELETE', path: '/store/items', body: 'json' }),
  closedIfShared(post('store.search', '/store/items/search')),
  closedIfShared(post('store.list', '/store/namespaces')),

  read('info', '/info'),
  closed(read('health', '/ok')),
]
