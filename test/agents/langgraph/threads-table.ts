import type { Aim } from './threads-things'
import { run } from './threads-things'

/** How an endpoint is tried on the things of another person. */
export interface Attempt {
  /** Not offered on a route with owned threads: 404 for every caller. */
  readonly closed?: true
  /** Gives everyone the same answer, which is not about threads. */
  readonly common?: true
  /** Creates a thread if the id is free, so that only a taken id is refused. */
  readonly claims?: true
  readonly query?: string
  /** Writes the ids in every place where the endpoint, or a careless server, could read them. */
  body?(aim: Aim): object
}

const closed: Attempt = { closed: true }
const asIs: Attempt = {}
const common: Attempt = { common: true, body: () => ({}) }
const commonRead: Attempt = { common: true }

const start: Attempt = {
  body: ({ thread, checkpoint }) =>
    run('what was said before?', {
      thread_id: thread,
      checkpoint_id: checkpoint,
      checkpoint: { thread_id: thread, checkpoint_id: checkpoint, checkpoint_ns: '' },
      config: { configurable: { thread_id: thread, checkpoint_id: checkpoint } },
    }),
}
/**
 * A stateless run that begins at a checkpoint of another thread is the server's own fault, and not
 * tried in this table.
 */
const stateless = (thread: string) =>
  run('hello', { thread_id: thread, config: { configurable: { thread_id: thread } } })
const every = ({ thread, run, cron }: Aim) => ({ thread_id: thread, run_id: run, cron_id: cron })
const cron: Attempt = { body: (aim) => run('hello', { ...every(aim), schedule: '0 0 1 1 *', enabled: false }) }
const item: Attempt = { body: ({ thread }) => ({ namespace: ['notes'], key: 'first', thread_id: thread }) }

/**
 * Every path and method of the servers, and how a person who owns nothing there tries it.
 */
export const attempts: Readonly<Record<string, Attempt>> = {
  'POST /assistants': closed,
  'POST /assistants/search': common,
  'POST /assistants/count': common,
  'GET /assistants/{assistant_id}': commonRead,
  'DELETE /assistants/{assistant_id}': closed,
  'PATCH /assistants/{assistant_id}': closed,
  'GET /assistants/{assistant_id}/graph': commonRead,
  'GET /assistants/{assistant_id}/subgraphs': commonRead,
  'GET /assistants/{assistant_id}/subgraphs/{namespace}': commonRead,
  'GET /assistants/{assistant_id}/schemas': commonRead,
  'POST /assistants/{assistant_id}/versions': common,
  'POST /assistants/{assistant_id}/latest': closed,

  'POST /threads': { claims: true, body: ({ thread }) => ({ thread_id: thread, if_exists: 'do_nothing' }) },
  'POST /threads/search': {
    body: (aim) => ({ ids: [aim.thread], select: ['thread_id', 'values', 'metadata'], ...every(aim) }),
  },
  'POST /threads/count': { body: (aim) => ({ ids: [aim.thread], ...every(aim) }) },
  'POST /threads/prune': closed,
  'GET /threads/{thread_id}/storage': closed,
  'GET /threads/{thread_id}/state': { query: '?subgraphs=true' },
  'POST /threads/{thread_id}/state': {
    body: ({ thread, checkpoint }) => ({
      values: { messages: [{ role: 'user', content: 'noted' }] },
      as_node: 'answer',
      checkpoint: { thread_id: thread, checkpoint_id: checkpoint, checkpoint_ns: '' },
    }),
  },
  'GET /threads/{thread_id}/state/{checkpoint_id}': asIs,
  'POST /threads/{thread_id}/state/checkpoint': {
    body: ({ thread, checkpoint }) => ({
      checkpoint: { thread_id: thread, checkpoint_id: checkpoint, checkpoint_ns: '' },
    }),
  },
  'GET /threads/{thread_id}/history': asIs,
  'POST /threads/{thread_id}/history': {
    body: ({ thread, checkpoint }) => ({
      limit: 10,
      checkpoint: { thread_id: thread },
      before: { configurable: { thread_id: thread, checkpoint_id: checkpoint } },
    }),
  },
  'POST /threads/{thread_id}/copy': asIs,
  'GET /threads/{thread_id}': asIs,
  'DELETE /threads/{thread_id}': asIs,
  'PATCH /threads/{thread_id}': { body: () => ({ metadata: { sallyport_owner: 'me', colour: 'red' } }) },
  'GET /threads/{thread_id}/stream': asIs,
  'POST /threads/{thread_id}/stream/events': { claims: true, body: () => ({ channels: ['values', 'messages'] }) },
  'POST /threads/{thread_id}/commands': {
    claims: true,
    body: (aim) => ({ id: 1, method: 'run.start', ...every(aim), params: start.body?.(aim) }),
  },
  'GET /threads/{thread_id}/runs': asIs,
  'POST /threads/{thread_id}/runs': start,
  'POST /threads/{thread_id}/runs/crons': cron,
  'POST /threads/{thread_id}/runs/stream': start,
  'POST /threads/{thread_id}/runs/wait': start,
  'GET /threads/{thread_id}/runs/{run_id}': asIs,
  'DELETE /threads/{thread_id}/runs/{run_id}': asIs,
  'GET /threads/{thread_id}/runs/{run_id}/join': asIs,
  'GET /threads/{thread_id}/runs/{run_id}/stream': asIs,
  'POST /threads/{thread_id}/runs/{run_id}/cancel': { query: '?action=rollback', body: every },
  'POST /runs/crons': cron,
  'POST /runs/crons/search': { body: ({ thread }) => ({ thread_id: thread, select: ['cron_id', 'payload'] }) },
  'POST /runs/crons/count': closed,
  'GET /runs/crons/{cron_id}': asIs,
  'PATCH /runs/crons/{cron_id}': { body: () => ({ enabled: false, metadata: { sallyport_owner: 'me' } }) },
  'DELETE /runs/crons/{cron_id}': asIs,
  'POST /runs/stream': { body: ({ thread }) => stateless(thread) },
  'POST /runs/cancel': { body: ({ thread, run }) => ({ thread_id: thread, run_ids: [run] }) },
  'POST /runs/wait': { body: ({ thread }) => stateless(thread) },
  'POST /runs': { body: ({ thread }) => stateless(thread) },
  'POST /runs/batch': { body: ({ thread }) => [stateless(thread), stateless(thread)] },
  'GET /runs/{run_id}/stream': asIs,

  'PUT /store/items': { body: (aim) => ({ ...item.body?.(aim), value: { mine: true } }) },
  'DELETE /store/items': item,
  'GET /store/items': { query: '?namespace=notes&key=first' },
  'POST /store/items/search': { body: ({ thread }) => ({ namespace_prefix: [], thread_id: thread, limit: 100 }) },
  'POST /store/namespaces': { body: () => ({ limit: 100 }) },

  'POST /a2a/{assistant_id}': closed,
  'POST /mcp/': closed,
  'GET /mcp/': closed,
  'DELETE /mcp/': closed,
  'GET /info': commonRead,
  'GET /metrics': closed,
  'GET /docs': closed,
  'GET /ok': closed,
}

export const pathFor = (path: string, { thread, run, checkpoint, cron, sealed }: Aim): string =>
  path
    .replace('{thread_id}', thread)
    .replace('{run_id}', path.startsWith('/runs/{') ? sealed : run)
    .replace('{checkpoint_id}', checkpoint)
    .replace('{cron_id}', cron)
    .replace('{assistant_id}', 'agent')
    .replace('{namespace}', 'answer')
