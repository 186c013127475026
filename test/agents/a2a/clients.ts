import type { TestGateway } from '../../support/gateway'
import { json } from '../../support/world'
import type { Headers } from '../caller-view'

export interface Sent {
  readonly text: string
  readonly [member: string]: unknown
}

/**
 * The questions that people ask an agent, in one of the protocol's bindings. Each gives the reply
 * as it came.
 */
export interface A2aClient {
  send(person: Headers, sent: Sent): Promise<Response>
  stream(person: Headers, sent: Sent): Promise<Response>
  get(person: Headers, task: string): Promise<Response>
  cancel(person: Headers, task: string): Promise<Response>
  subscribe(person: Headers, task: string): Promise<Response>
  setPush(person: Headers, task: string, url: string): Promise<Response>
  listPush(person: Headers, task: string): Promise<Response>
}

export const BINDINGS = ['JSONRPC 1.0', 'HTTP+JSON 1.0', 'JSONRPC 0.3', 'HTTP+JSON 0.3'] as const
export type Binding = (typeof BINDINGS)[number]

const message = ({ text, ...ids }: Sent) => ({ messageId: crypto.randomUUID(), ...ids, text })
const message10 = (sent: Sent) => {
  const { text, ...rest } = message(sent)
  return { message: { ...rest, role: 'ROLE_USER', parts: [{ text }] } }
}
/** By JSON-RPC and by REST. */
const message03 = (sent: Sent) => {
  const { text, ...rest } = message(sent)
  return { message: { kind: 'message', role: 'user', parts: [{ kind: 'text', text }], ...rest } }
}
const rest03 = (sent: Sent) => {
  const { text, ...rest } = message(sent)
  return { message: { ...rest, role: 'ROLE_USER', content: [{ text }] } }
}

/** @param route the path of the gateway's route */
export function clientOf(binding: Binding, gateway: TestGateway, route: string): A2aClient {
  const isNew = binding.endsWith('1.0')
  const version: Headers = { 'a2a-version': isNew ? '1.0' : '0.3' }
  const post = (where: string, person: Headers, body: object = {}) =>
    gateway.fetch(route + where, json(body, { ...version, ...person }))
  const read = (where: string, person: Headers) => gateway.fetch(route + where, { headers: { ...version, ...person } })
  const rpc = (method: string) => (person: Headers, params: object) =>
    post('/', person, { jsonrpc: '2.0', id: 1, method, params })

  if (binding.startsWith('JSONRPC')) {
    const named = (now: string, before: string) => rpc(isNew ? now : before)
    const written = isNew ? message10 : message03
    return {
      send: (person, sent) => named('SendMessage', 'message/send')(person, written(sent)),
      stream: (person, sent) => named('SendStreamingMessage', 'message/stream')(person, written(sent)),
      get: (person, id) => named('GetTask', 'tasks/get')(person, { id }),
      cancel: (person, id) => named('CancelTask', 'tasks/cancel')(person, { id }),
      subscribe: (person, id) => named('SubscribeToTask', 'tasks/resubscribe')(person, { id }),
      setPush: (person, taskId, url) =>
        isNew
          ? rpc('CreateTaskPushNotificationConfig')(person, { taskId, id: 'c1', url })
          : rpc('tasks/pushNotificationConfig/set')(person, { taskId, pushNotificationConfig: { id: 'c1', url } }),
      listPush: (person, id) =>
        isNew
          ? rpc('ListTaskPushNotificationConfigs')(person, { taskId: id })
          : rpc('tasks/pushNotificationConfig/list')(person, { id }),
    }
  }

  const base = isNew ? '' : '/v1'
  const written = isNew ? message10 : rest03
  const at = (task: string, rest = '') => `${base}/tasks/${task}${rest}`
  return {
    send: (person, sent) => post(`${base}/message:send`, person, written(sent)),
    stream: (person, sent) => post(`${base}/message:stream`, person, written(sent)),
    get: (person, task) => read(at(task), person),
    cancel: (person, task) => post(at(task, ':cancel'), person),
    subscribe: (person, task) => (isNew ? read(at(task, ':subscribe'), person) : post(at(task, ':subscribe'), person)),
    setPush(person, task, url) {
      const name = `tasks/${task}/pushNotificationConfigs/c1`
      const config = { id: 'c1', url }
      // The servers of 0.3 want two different bodies; each reads its own.
      const old = { name, parent: `tasks/${task}`, configId: 'c1', pushNotificationConfig: config }
      const both = { ...old, config: { name, pushNotificationConfig: config } }
      return post(at(task, '/pushNotificationConfigs'), person, isNew ? config : both)
    },
    listPush: (person, task) => read(at(task, '/pushNotificationConfigs'), person),
  }
}
