import { definePolicy } from 'sallyport'

/** Tokens that a client got for itself do not chat. A second policy on a route: both must allow. */
export default definePolicy({
  id: 'people-only',
  allow: [{ name: 'people', operations: ['*'], when: { caller: 'user' } }],
  examples: [
    { as: { caller: 'user' }, does: 'run.stream', expect: 'allow' },
    { as: { caller: 'service' }, does: 'run.stream', expect: 'deny' },
  ],
})
