import { definePolicy } from 'sallyport'

/**
 * Refuses tokens that a client got for itself. This is a second policy on a route, and both must
 * allow.
 */
export default definePolicy({
  id: 'people-only',
  allow: [{ name: 'people', operations: ['*'], when: { caller: 'user' } }],
  examples: [
    { as: { caller: 'user' }, does: 'run.stream', expect: 'allow' },
    { as: { caller: 'service' }, does: 'run.stream', expect: 'deny' },
  ],
})
