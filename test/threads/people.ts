import { startIdentityProvider } from '../../examples/identity-provider/provider.ts'
import type { Principal } from '../../src/authentication/principal'
import type { Agent } from '../../src/config/define'
import { createOwners } from '../../src/threads/owner'
import { bearer, issuerOf, routeOf } from '../support/fixtures'
import { startGateway, type TestGateway } from '../support/gateway'

/** `twin` is called alice as well, by an identity provider of her own. */
export const PEOPLE = ['alice', 'bob', 'twin'] as const
export type Person = (typeof PEOPLE)[number]

/** Found in everything that a person writes, and in nothing else. */
export const secretOf = (person: Person): string => `secret-of-${person}`
export const othersSecretsIn = (person: Person, text: string): string[] =>
  PEOPLE.filter((other) => other !== person)
    .map(secretOf)
    .filter((secret) => text.includes(secret))

export interface ThreePeople {
  readonly gateway: TestGateway
  readonly owners: Readonly<Record<Person, string>>
  /** The path begins with the kind of agent. */
  as(person: Person, path: string, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

/** Two providers with the same subjects have a route each, to the same agents: on one, their subjects would need prefixes. */
export async function startThreePeople(agents: readonly Agent[]): Promise<ThreePeople> {
  const [here, there] = await Promise.all([startIdentityProvider(), startIdentityProvider()])
  const gateway = await startGateway({
    routes: agents.flatMap((agent) => [
      routeOf(agent, [issuerOf(here.issuer)]),
      routeOf(agent, [issuerOf(there.issuer, { id: 'other-login' })], {
        id: `other-${agent.kind}`,
        path: `/other/${agent.kind}`,
      }),
    ]),
  })
  const tokens = {
    alice: await here.token('alice'),
    bob: await here.token('bob'),
    twin: await there.token('alice'),
  }
  const ownerOf = createOwners()
  const owner = (userId: string, { issuer }: { issuer: string }) =>
    ownerOf({ identityProvider: issuer, userId } as Principal, 'own')
  return {
    gateway,
    owners: { alice: await owner('alice', here), bob: await owner('bob', here), twin: await owner('alice', there) },
    as: (person, path, init = {}) =>
      gateway.fetch(`/${person === 'twin' ? 'other' : 'agents'}/${path}`, {
        ...init,
        headers: { ...(init.headers as object), ...bearer(tokens[person]) },
      }),
    async close() {
      await gateway.close()
      await Promise.all([here.close(), there.close()])
    },
  }
}
