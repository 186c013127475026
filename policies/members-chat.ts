import { definePolicy } from 'sallyport'

/** Allows members and admins to hold conversations. Only admins may delete, copy or count them. */
export default definePolicy({
  id: 'members-chat',
  allow: [
    {
      name: 'members and admins may talk',
      operations: [
        'assistants.search',
        'assistants.read',
        'threads.create',
        'threads.read',
        'threads.search',
        'threads.update',
        'threads.stream',
        'run.*',
        'info',
        'capabilities',
      ],
      when: { role: ['member', 'admin'] },
    },
    {
      name: 'admins may delete',
      operations: ['threads.delete', 'threads.copy', 'threads.count'],
      when: { role: 'admin' },
    },
  ],
  deny: [{ name: 'nobody deletes runs', operations: ['run.delete'] }],
  examples: [
    { as: { roles: ['member'] }, does: 'run.stream', expect: 'allow' },
    { as: { roles: ['member'] }, does: 'threads.delete', expect: 'deny' },
    { as: { roles: ['admin'] }, does: 'threads.delete', expect: 'allow' },
    { as: { roles: ['admin'] }, does: 'run.delete', expect: 'deny' },
    { as: { roles: [] }, does: 'run.stream', expect: 'deny' },
  ],
})
