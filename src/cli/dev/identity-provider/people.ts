/**
 * A person who can sign in at the local identity provider. The value of `sub` is both the username
 * and the password.
 */
export interface Person {
  readonly sub: string
  readonly name?: string
  readonly email?: string
  readonly roles?: readonly string[]
  readonly tenant?: string
  /** The scopes that this person's tokens may contain. */
  readonly scopes?: readonly string[]
  /** Additional claims of this person's tokens. */
  readonly claims?: Readonly<Record<string, unknown>>
}

export type PersonName = 'alice' | 'bob'

export const aliceAndBob: readonly Person[] = [
  {
    sub: 'alice',
    name: 'Alice Admin',
    email: 'alice@example.com',
    roles: ['admin'],
    tenant: 'acme',
    scopes: ['agents:use', 'agents:manage'],
  },
  {
    sub: 'bob',
    name: 'Bob Member',
    email: 'bob@example.com',
    roles: ['member'],
    tenant: 'acme',
    scopes: ['agents:use'],
  },
]

/** The people who can sign in. The list may change later. */
export class People {
  #all: readonly Person[]

  constructor(all: readonly Person[] = aliceAndBob) {
    this.#all = all
  }

  get all(): readonly Person[] {
    return this.#all
  }

  /** Returns all scopes that any person may have. */
  get scopes(): readonly string[] {
    return [...new Set(this.#all.flatMap(({ scopes = [] }) => scopes))]
  }

  replaceBy(all: readonly Person[]): void {
    this.#all = all
  }

  find(sub: string | undefined): Person | undefined {
    return this.#all.find((person) => person.sub === sub)
  }

  signIn(username: string | undefined, password: string | undefined): Person | undefined {
    return username === password ? this.find(username) : undefined
  }
}
