import { expect } from 'vitest'

const alice = {
  'x-user-id': 'alice',
  'x-user-email': 'alice@example.com',
  'x-user-name': 'Alice Admin',
  'x-user-roles': 'admin',
  'x-user-tenant': 'acme',
  'x-user-scopes': expect.stringContaining('agents:use'),
  'x-user-issuer': expect.stringContaining('http://127.0.0.1:'),
}

/**
 * The identity that a graph finds at `config["configurable"]`, for the people of the local identity
 * provider.
 */
export const graphIdentity = {
  alice,
  bob: {
    ...alice,
    'x-user-id': 'bob',
    'x-user-email': 'bob@example.com',
    'x-user-name': 'Bob Member',
    'x-user-roles': 'member',
  },
} as const
