import { answeredInTime } from '../../answered-in-time'
import type { SigningKeys } from '../../assertion/keys'
import { elapsed } from '../../elapsed'
import { Refusal } from '../../errors/refusal'
import type { JwsAlgorithm } from '../../jws'
import type { Background, Ports } from '../../ports'
import { refuseKey } from './fault'
import { FETCH_MS, fetchKeySet } from './key-set'
import { isFetchedBetween, isFresh, type KeySet, keySet, select } from './loaded-keys'
import { Lookups } from './lookups'
import { createSharedKeys } from './shared-keys'
import type { TrustedIssuer } from './trusted-issuer'

/**
 * How long old keys are used while their issuer cannot be reached. If this were longer, a key that
 * was withdrawn because it leaked would be accepted for longer.
 */
const STALE_MS = 24 * 3_600_000
/**
 * After a failed fetch, the next one waits this long, plus up to half of it, so that isolates do
 * not all retry at the same time.
 */
const FAILURE_COOLDOWN_MS = 10_000
/**
 * An issuer counts as down if its last fetch failed less than this long ago. Requests then use the
 * cached keys, even old ones, and do not wait.
 */
const DOWN_MS = 60_000
/** How long to wait for the copy of the keys that isolates share. The copy only saves time. */
const SHARED_MS = 1_000
/** How long a request waits for keys that another fetches: shared copy, discovery, key set. */
const WAIT_MS = SHARED_MS + 2 * FETCH_MS
/** When a fetch counts as given up. It never settles if the platform stops its request. */
const ABANDONED_MS = WAIT_MS + 3_000

const MAX_LOGGED_CHARS = 200

type Keys = readonly CryptoKey[]

export interface KeyStore {
  /**
   * Returns the keys that may have signed a token of this issuer: one if the token names a `kid`,
   * otherwise a few. They are matched on `kid`, `kty`, `crv`, `use`, `key_ops` and `alg`.
   * @returns at least one
   * @throws Refusal `token-invalid` if the issuer has no such key, `keys-unavailable` if the
   *   gateway cannot find out
   */
  keysFor(issuer: TrustedIssuer, alg: JwsAlgorithm, kid: string | undefined, background: Background): Promise<Keys>
  /** Tells whether a key is in its issuer's key set and the set is fresh. */
  isCurrent(issuer: TrustedIssuer, key: CryptoKey): boolean
}

interface Slot {
  set?: KeySet
  pending?: { readonly since: number; readonly fetch: Promise<void> }
  /** When a fetch last failed; undefined once a fetch has succeeded. */
  failedAt: number | undefined
  /** How many milliseconds after this failure no fetch is made. */
  coolDownMs: number
  readonly lookups: Lookups
}

/**
 * Returns the gateway's own keys. They verify the gateway's own assertions, for requests that pass
 * through the gateway a second time. A Worker may not fetch from itself.
 */
export type OwnKeys = () => Promise<SigningKeys>

/**
 * Creates the store of issuers' key sets, one per isolate (running copy of the Worker). It makes
 * one fetch at a time for each issuer, and keeps the fetch alive beyond the request that began it.
 * It waits after a failure, and uses old keys for a limited time only. On Workers, the key set of
 * the library jose does none of this. The store also shares a copy with the other isolates of the
 * location. It tells an issuer that is unreachable from a key that does not exist.
 *
 * It holds public keys only, no request's data.
 */
export function createKeyStore(ports: Ports, own?: OwnKeys): KeyStore {
  const slots = new Map<string, Slot>()
  const shared = createSharedKeys(ports, STALE_MS)
  let ownSet: { readonly of: SigningKeys; readonly set: KeySet } | undefined

  async function ownKeys(signingKeys: OwnKeys, alg: JwsAlgorithm, kid: string | undefined): Promise<Keys> {
    const of = await signingKeys()
    if (of.fault) throw new Refusal('keys-unavailable', `SIGNING_KEYS ${of.fault}`)
    if (ownSet?.of !== of) {
      const keys = of.keys.map(({ publicJwk }) => publicJwk)
      ownSet = { of, set: keySet({ keys, fetchedAt: ports.now(), maxAgeMs: undefined }) }
    }
    const found = await select(ownSet.set, alg, kid)
    if (found.length === 0) throw refuseKey(kid)
    return found
  }

  async function refresh(issuer: TrustedIssuer, slot: Slot, background: Background, wanted?: Wanted): Promise<void> {
    const now = ports.now()
    if (slot.pending && elapsed(slot.pending.since, now) > ABANDONED_MS) {
      delete slot.pending
      ports.log(JSON.stringify({ event: 'keys-unreachable', issuer: issuer.id, reason: 'given up with its request' }))
    }
    if (!slot.pending) {
      if (coolDownLeft(slot, now) > 0) return
      const fetch = load(issuer, slot, wanted).finally(() => {
        if (slot.pending?.fetch === fetch) delete slot.pending
      })
      slot.pending = { since: now, fetch }
      background.waitUntil(fetch)
    }
    await answeredInTime(ports.after, WAIT_MS, slot.pending.fetch)
  }

  async function load(issuer: TrustedIssuer, slot: Slot, wanted: Wanted | undefined): Promise<void> {
    const copy = await answeredInTime(ports.after, SHARED_MS, shared.read(issuer))
    if (copy && copy.fetchedAt > (slot.set?.fetchedAt ?? 0)) {
      slot.set = keySet(copy)
      const isEnough = !wanted || (await wanted(slot.set).catch(() => undefined)) !== undefined
      if (isEnough && isFresh(slot.set, ports.now())) return
    }
    try {
      const document = await fetchKeySet(issuer, ports)
      slot.set = keySet(document)
      slot.failedAt = undefined
      await answeredInTime(ports.after, SHARED_MS, shared.write(issuer, document))
    } catch (thrown) {
      slot.failedAt = ports.now()
      slot.coolDownMs = FAILURE_COOLDOWN_MS * (1 + Math.random() / 2)
      ports.log(JSON.stringify({ event: 'keys-unreachable', issuer: issuer.id, reason: reasonOf(thrown) }))
    }
  }

  async function selectFrom(
    issuer: TrustedIssuer,
    set: KeySet,
    alg: JwsAlgorithm,
    kid: string | undefined,
  ): Promise<Keys | undefined> {
    const found = await select(set, alg, kid).catch((thrown) => {
      if (thrown instanceof Refusal) throw thrown
      // The provider published a broken key. A token that names this key may be good, so it is not
      // called invalid.
      const event = {
        event: 'key-unusable',
        issuer: issuer.id,
        kid: kid?.slice(0, MAX_LOGGED_CHARS),
        reason: reasonOf(thrown),
      }
      if (!set.hasTold) ports.log(JSON.stringify(event))
      set.hasTold = true
      throw unavailable(issuer, FAILURE_COOLDOWN_MS)
    })
    return found.length > 0 ? found : undefined
  }

  return {
    isCurrent(issuer, key) {
      const set = slots.get(nameOf(issuer))?.set
      return set !== undefined && isFresh(set, ports.now()) && set.selected.has(key)
    },
    async keysFor(issuer, alg, kid, background) {
      if (issuer.isGateway && own) return ownKeys(own, alg, kid)
      const slot = slots.get(nameOf(issuer)) ?? { failedAt: undefined, coolDownMs: 0, lookups: new Lookups() }
      slots.set(nameOf(issuer), slot)
      const usable = () => (slot.set && elapsed(slot.set.fetchedAt, ports.now()) < STALE_MS ? slot.set : undefined)

      const now = ports.now()
      const fresh = slot.set !== undefined && isFresh(slot.set, now)
      const isDown = slot.failedAt !== undefined && elapsed(slot.failedAt, now) < DOWN_MS
      // Old keys are used only after a fetch has failed. A key that its issuer withdrew must not be
      // accepted for longer than its key set is fresh.
      if (!usable() || !(fresh || isDown)) await refresh(issuer, slot, background)
      else if (!fresh) background.waitUntil(refresh(issuer, slot, background))
      const set = usable()
      if (!set) throw unavailable(issuer, coolDownLeft(slot, ports.now()))

      const wanted = (from: KeySet) => selectFrom(issuer, from, alg, kid)
      const found = await wanted(set)
      if (found) return found
      const missing = (): Refusal => {
        slot.lookups.noteMissing(name, ports.now())
        return refuseKey(kid)
      }
      // The issuer may have published the token's key after this key set was fetched, and then the
      // token is good. Only a set that was fetched after the request began proves that the issuer
      // has no such key.
      const name = `${alg} ${kid ?? ''}`
      if (isFetchedBetween(set, now, ports.now())) throw missing()
      const wait = slot.pending || coolDownLeft(slot, now) > 0 ? undefined : slot.lookups.take(now)
      if (wait !== undefined) throw slot.lookups.isMissing(name, now) ? refuseKey(kid) : unavailable(issuer, wait)
      await refresh(issuer, slot, background, wanted)
      const foundLater = slot.set && slot.set !== set && (await wanted(slot.set))
      if (foundLater) return foundLater
      if (slot.set && isFetchedBetween(slot.set, now, ports.now())) throw missing()
      throw unavailable(issuer, coolDownLeft(slot, ports.now()))
    },
  }
}

/**
 * Returns the name under which an issuer's keys are stored. One entry in the `trust` of a route may
 * cover several issuers, one for each tenant.
 */
const nameOf = ({ id, issuer }: TrustedIssuer): string => `${id} ${issuer}`

/** A search in a key set for the keys that a request needs. */
type Wanted = (set: KeySet) => Promise<Keys | undefined>

/** Returns the milliseconds until a fetch may be tried again after a failure. */
const coolDownLeft = ({ failedAt, coolDownMs }: Slot, now: number): number =>
  failedAt === undefined ? 0 : Math.max(0, coolDownMs - elapsed(failedAt, now))

/**
 * Returns the refusal "keys unavailable". @param waitMs milliseconds after which a retry may help
 */
const unavailable = ({ id }: TrustedIssuer, waitMs: number): Refusal =>
  new Refusal('keys-unavailable', id, { retryAfter: Math.max(1, Math.ceil(waitMs / 1000)) })

const reasonOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message.slice(0, MAX_LOGGED_CHARS) : 'unknown'
