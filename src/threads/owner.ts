import { Refusal } from '../errors/refusal'
import { sha256Text } from '../sha256'

/** The owner of the threads of a route: each caller, each tenant, or no one (`shared`). */
export type Sharing = 'own' | 'tenant' | 'shared'

/** The members of a caller that make the name of an owner. */
export interface Owner {
  readonly identityProvider: string
  readonly userId: string
  readonly tenant: string | undefined
}

/** Owners whose names are kept; a name costs a digest. */
const MAX_NAMES = 1_000

/**
 * Gives an owner's name: 43 characters of base64url, the SHA-256 of who vouches for them and of
 * their id there. No secret is in it, so that whoever runs the agent's database can write it into
 * threads of before; nobody but the gateway lets a caller use it.
 *
 * The same subject of two identity providers is two owners, and so is a tenant of two.
 */
export type OwnerOf = (caller: Owner, sharing: 'own' | 'tenant') => Promise<string>

/**
 * @throws Refusal `tenant-missing`, from what it returns, where threads are a tenant's and the
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
 * @param identityProvider the `iss` of the owner's tokens
 * @param id the user id, which is the subject behind its issuer's `subjectPrefix`; or the tenant
 */
export async function ownerName(sharing: 'own' | 'tenant', identityProvider: string, id: string): Promise<string> {
  return sha256Text(JSON.stringify([sharing, identityProvider, id]))
}
