import { describe, expect, it } from 'vitest'
import { idsInRequest } from '../../../src/agents/a2a/ids-in-requests'
import type { JsonObject } from '../../../src/json'

/**
 * The member by which a method names its task, and the members beside it by which a caller may name
 * what the task has.
 */
const METHODS: Readonly<Record<string, { readonly task?: string; readonly beside: readonly string[] }>> = {
  GetTask: { task: 'id', beside: [] },
  CancelTask: { task: 'id', beside: [] },
  SubscribeToTask: { task: 'id', beside: [] },
  CreateTaskPushNotificationConfig: { task: 'taskId', beside: ['id'] },
  GetTaskPushNotificationConfig: { task: 'taskId', beside: ['id'] },
  ListTaskPushNotificationConfigs: { task: 'taskId', beside: [] },
  DeleteTaskPushNotificationConfig: { task: 'taskId', beside: ['id'] },
  'tasks/get': { task: 'id', beside: [] },
  'tasks/cancel': { task: 'id', beside: [] },
  'tasks/resubscribe': { task: 'id', beside: [] },
  'tasks/pushNotificationConfig/set': { task: 'taskId', beside: [] },
  'tasks/pushNotificationConfig/get': { task: 'id', beside: [] },
  'tasks/pushNotificationConfig/list': { task: 'id', beside: [] },
  'tasks/pushNotificationConfig/delete': { task: 'id', beside: [] },
  'task.cancel': { task: 'id', beside: ['name'] },
  'task.subscribe': { task: 'id', beside: ['name'] },
  'push.create': { task: 'taskId', beside: ['id', 'name', 'parent'] },
  SendMessage: { beside: [] },
  'message/stream': { beside: [] },
  ListTasks: { beside: [] },
}
const NAMING = ['id', 'taskId', 'name', 'parent']

const refusal = expect.objectContaining({ code: 'body-invalid' })
const found = (method: string, params: JsonObject) => idsInRequest(params, method).map(({ sort, id }) => [sort, id])

describe.each(Object.entries(METHODS))('ids in a request of %s (X6)', (method, { task, beside }) => {
  it('an A2A request may name its task only in the members that its method defines', () => {
    const allowed = [...(task === undefined ? [] : [task]), ...beside]
    for (const member of NAMING) {
      const asked = () => found(method, { [member]: 'x-1' })
      if (!allowed.includes(member)) expect(asked, member).toThrow(refusal)
      else expect([member, asked()]).toEqual([member, member === task ? [['task', 'x-1']] : []])
    }
  })

  it('the gateway finds a task id in camelCase and in snake_case, and refuses a request with both', () => {
    const snake = task?.replace('taskId', 'task_id')
    if (task === undefined || snake === undefined) return expect(found(method, {})).toEqual([])
    expect(found(method, { [snake]: 'x-1', ...Object.fromEntries(beside.map((member) => [member, 'y'])) })).toEqual([
      ['task', 'x-1'],
    ])
    if (snake !== task) expect(() => found(method, { [snake]: 'x-1', [task]: 'x-2' })).toThrow(refusal)
  })
})

describe('ids of an A2A message (X6)', () => {
  it('the gateway finds the ids in an A2A message, except in its parts, content, metadata and data', () => {
    const message = {
      taskId: 't-1',
      contextId: 'c-1',
      referenceTaskIds: ['t-2', 't-3'],
      parts: [{ data: { taskId: 'said' } }],
      content: [{ taskId: 'said' }],
      metadata: { contextId: 'said' },
      data: { taskId: 'said' },
    }
    expect(found('SendMessage', { message }).sort()).toEqual([
      ['context', 'c-1'],
      ['task', 't-1'],
      ['task', 't-2'],
      ['task', 't-3'],
    ])
  })
})
