/** The people who can sign in at the local identity provider. The password is the username. */
export interface Person {
  sub: string
  name: string
  email: string
  roles: string[]
  tenant: string
  /** The scopes this person's tokens may carry. */
  scopes: string[]
}

export type PersonName = 'alice' | 'bob'

export const people: Record<PersonName, Person> = {
  alice: {
    sub: 'alice',
    name: 'Alice Admin',
    email: 'alice@example.com',
    roles: ['admin'],
    tenant: 'acme',
    scopes: ['agents:use', 'agents:manage'],
  },
  bob: {
    sub: 'bob',
    name: 'Bob Member',
    email: 'bob@example.com',
    roles: ['member'],
    tenant: 'acme',
    scopes: ['agents:use'],
  },
}

export const apiScopes = [...new Set(Object.values(people).flatMap((person) => person.scopes))]

export function findPerson(sub: string | undefined): Person | undefined {
  return Object.values(people).find((person) => person.sub === sub)
}

export function signIn(username: string | undefined, password: string | undefined): Person | undefined {
  return username === password ? findPerson(username) : undefined
}
