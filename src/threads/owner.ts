import { Refusal } from '../errors/refusal'
import { sha256Text } from '../sha256'

/** The owner of the threads of a route: each caller, each tenant, or no one (`shared`). */
export type Sharing = 'own' | 'tenant' | 'shared'

/** The properties of a caller from which the name of the owner is computed. */
export interface Owner {
  readonly identityProvider: string
  readonly userId: string
  readonly tenant: string | undefined
}

/**
 * The most names of owners that are kept in memory. Names are kept because each name costs a digest
 * to compute.
 */
const MAX_NAMES = 1_000

/**
 * Returns the name of an owner: the SHA-256 of the owner's identity provider and of the owner's id
 * at this provider, as 43 characters of base64url. No secret is needed to compute it, so that
 * operators can write it into older threads in the agent's database. Only the gateway decides which
 * name a caller gets.
 *
 * The same subject at two identity providers counts as two owners. The same tenant at two identity
 * providers counts as two owners too.
 */
export type OwnerOf = (caller: Owner, sharing: 'own' | 'tenant') => Promise<string>

/**
 * Creates the function that computes the names of owners and remembers them.
 * @returns a function that throws Refusal `tenant-missing` if threads belong to tenants and the
 *   caller has none
 */
export function createOwners(): OwnerOf {
  const names = new Map<string, string>()
  return async ({ identityProvider, userId, tenant }, sharing) => {
    if (sharing === 'tenant' && tenant === undefined) throw new Refusal('tenant-missing')
    const id = sharing === 'tenant' ? tenant : userId
    const who = JSON.stringify([sharing, identityProvider, id])
    const known = names.get(who)
    if (known !== undefined) return known
    const name = await ownerName(sharing, identityProvider, id ?? '')
    if (names.size >= MAX_NAMES) names.delete(names.keys().next().value ?? '')
    names.set(who, name)
    return name
  }
}

/**
 * Returns the name of an owner.
 * @param identityProvider the `iss` of the owner's tokens
 * @param id the tenant, or the user id, which is the issuer's `subjectPrefix` and then the subject
 */
export async function ownerName(sharing: 'own' | 'tenant', identityProvider: string, id: string): Promise<string> {
  return sha256Text(JSON.stringify([sharing, identityProvider, id]))
}
