import { definePolicy } from 'sallyport'

/**
 * Refuses tokens that a client got for itself, without a person. It is the second policy of a
 * route, and both policies must allow a request.
 */
export default definePolicy({
  id: 'people-only',
  allow: [{ name: 'people', operations: ['*'], when: { caller: 'user' } }],
  examples: [
    { as: { caller: 'user' }, does: 'run.stream', expect: 'allow' },
    { as: { caller: 'service' }, does: 'run.stream', expect: 'deny' },
  ],
})
