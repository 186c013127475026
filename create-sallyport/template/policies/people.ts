import { definePolicy } from 'sallyport'

/**
 * People who are signed in may use all operations of the route. Clients that act for themselves may
 * not.
 */
export default definePolicy({
  id: 'people',
  allow: [{ name: 'people who are signed in', operations: ['*'], when: { caller: 'user' } }],
  examples: [
    { as: { caller: 'user' }, does: 'run.stream', expect: 'allow' },
    { as: { caller: 'service' }, does: 'run.stream', expect: 'deny' },
  ],
})
