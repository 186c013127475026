import type { Agent } from '../../src/config/define'
import { createOwners } from '../../src/threads/owner'
import { routeOf } from './fixtures'
import { openWorld, type World } from './world'

/** The namesake is called alice as well, by another identity provider. */
export const PEOPLE = ['alice', 'bob', 'namesake'] as const
export type Person = (typeof PEOPLE)[number]

/** Found in everything that a person writes, and in nothing else. */
export const secretOf = (person: Person): string => `secret-of-${person}`
export const othersSecretsIn = (person: Person, text: string): string[] =>
  PEOPLE.filter((other) => other !== person)
    .map(secretOf)
    .filter((secret) => text.includes(secret))

export interface ThreePeople {
  readonly world: World
  readonly owners: Readonly<Record<Person, string>>
  /** The path begins with the kind of agent. */
  as(person: Person, path: string, init?: RequestInit): Promise<Response>
}

/**
 * A world in which each of the two identity providers has a route of its own to the same agents.
 */
export async function openThreePeople(agents: readonly Agent[]): Promise<ThreePeople> {
  const world = await openWorld(
    ({ trust: [home, away] }) =>
      agents.flatMap((agent) => [
        routeOf(agent, home ? [home] : []),
        routeOf(agent, away ? [away] : [], { id: `away-${agent.kind}`, path: `/away/${agent.kind}` }),
      ]),
    { away: true },
  )
  const ownerOf = createOwners()
  const owner = (userId: string, identityProvider: string) =>
    ownerOf({ identityProvider, userId, tenant: undefined }, 'own')
  const home = world.provider.issuer
  return {
    world,
    owners: {
      alice: await owner('alice', home),
      bob: await owner('bob', home),
      namesake: await owner('away|alice', world.away?.issuer ?? ''),
    },
    as: (person, path, init) => world.as(person, `/${person === 'namesake' ? 'away' : 'agents'}/${path}`, init),
  }
}
