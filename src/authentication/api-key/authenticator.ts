import { Refusal } from '../../errors/refusal'
import type { Authenticator, CredentialKind, CredentialSources, Way } from '../authenticator'
import { takeBearer } from '../bearer'
import { Credential } from '../credential'
import type { Principal } from '../principal'
import { refuseToken } from '../refuse-token'
import { idOfKey, isMeantAsKey, KEY_HEADER, keyShape, nameOfKey } from './form'
import type { LookUp } from './lookup'
import { principalOfKey } from './principal'
import type { ApiKeyRecord } from './record'
import type { TrustedKeys } from './trusted-keys'

/**
 * API keys, in `x-api-key` or as bearer tokens. LangGraph's pages send another server's key in
 * `x-api-key`, or an empty value, beside their token. So the header is ignored if it does not hold
 * a key of this gateway.
 */
export const apiKey: CredentialKind<LookUp, TrustedKeys> = {
  // RFC 9110 defines no scheme for `x-api-key`. A key can also be sent as a bearer token, so the
  // challenge is that of bearer tokens.
  challenge: (parameters) => `Bearer ${parameters}`,
  shape: keyShape,
  requestHeaders: ['authorization', KEY_HEADER],
  resourceMetadata: () => ({ bearer_methods_supported: ['header'] }),
  authenticator,
}

function authenticator(trusted: readonly TrustedKeys[], lookUp: LookUp, { route }: Way): Authenticator {
  // The principal of each key record. It is always the same object, because caches use this object
  // as their key.
  const principals = new WeakMap<ApiKeyRecord, Principal>()

  async function verify(key: string, now: number): Promise<Principal> {
    const name = await nameOfKey(key)
    if (name === undefined)
      throw refuseToken('key-form', {
        found: 'a text of another form, or with a wrong checksum',
        expected: 'a whole key, exactly as it was printed',
      })
    const { keys, record } = await firstOf(name)
    const { expiresAt, routes } = record
    const known = `key ${idOfKey(name)}`
    if (expiresAt !== undefined && now >= expiresAt * 1000)
      throw new Refusal('token-expired', undefined, {
        mismatch: { found: `${known}, which has ended`, expected: 'a key that has not ended' },
      })
    if (routes && !routes.includes(route))
      throw refuseToken('key-route', {
        found: `${known}, for ${routes.join(', ')}`.slice(0, 200),
        expected: `a key for ${route}`,
      })
    const principal = principals.get(record) ?? principalOfKey(keys, name, record)
    principals.set(record, principal)
    return principal
  }

  /**
   * Looks for the key in each namespace, in the route's order. If none has it, the last refusal is
   * thrown.
   */
  async function firstOf(name: string) {
    let missing: unknown
    for (const keys of trusted) {
      try {
        return { keys, record: await lookUp(keys, name) }
      } catch (thrown) {
        if (!(thrown instanceof Refusal) || thrown.code !== 'token-invalid') throw thrown
        missing = thrown
      }
    }
    throw missing
  }

  return {
    take(sources) {
      const key = keyIn(sources)
      return key && { credential: key, verify: (now) => verify(key.reveal(), now) }
    },
    whyNone({ headers }) {
      if (!headers.get(KEY_HEADER)) return undefined
      return refuseToken('key-form', {
        found: `another server's key in ${KEY_HEADER}`,
        expected: 'a key that begins with sp_',
      })
    },
  }
}

/**
 * Returns the API key of a request; undefined if there is none.
 * @throws Refusal `credential-ambiguous` for two keys that differ
 */
function keyIn(sources: CredentialSources): Credential | undefined {
  const bearer = takeBearer(sources)
  const asBearer = bearer && isMeantAsKey(bearer.reveal()) ? bearer : undefined
  const value = sources.headers.get(KEY_HEADER)?.trim()
  if (!value || !isMeantAsKey(value)) return asBearer
  if (asBearer && asBearer.reveal() !== value) throw new Refusal('credential-ambiguous', 'two kinds')
  return asBearer ?? new Credential(value)
}
