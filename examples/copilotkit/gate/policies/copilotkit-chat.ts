import { definePolicy } from 'sallyport'

/**
 * Allows the requests that a CopilotKit chat sends: to list agents, to run them, to stop them, and
 * to reconnect to a run.
 */
export default definePolicy({
  id: 'copilotkit-chat',
  allow: [
    {
      name: 'members and admins may chat',
      operations: ['info', 'run.*', 'threads.connect'],
      when: { role: ['member', 'admin'] },
    },
  ],
  examples: [
    { as: { roles: ['member'] }, does: 'run.stream', expect: 'allow' },
    { as: { roles: ['member'] }, does: 'threads.search', expect: 'deny' },
    { as: { roles: [] }, does: 'run.stream', expect: 'deny' },
  ],
})
