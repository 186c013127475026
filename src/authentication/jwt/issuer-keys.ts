import { createLocalJWKSet, errors } from 'jose'
import { answeredInTime } from '../../answered-in-time'
import type { SigningKeys } from '../../assertion/keys'
import { Refusal } from '../../errors/refusal'
import type { Background, Ports } from '../../ports'
import { refuseToken } from './fault'
import { fetchKeySet, type KeySetDocument, usableKeys } from './key-set'
import type { TrustedIssuer } from './trusted-issuer'

/** A set whose age is below this is used as it is; what the provider's `max-age` says counts within these bounds. */
const FRESH_MS = { least: 60_000, usual: 600_000, most: 3_600_000 }
/** How long keys are used while their issuer cannot be reached. Longer, and a key withdrawn because it leaked would live on. */
const STALE_MS = 24 * 3_600_000
/** After a failed fetch, the next one waits this long, plus up to a half, so that isolates do not come back together. */
const FAILURE_COOLDOWN_MS = 10_000
/** An issuer whose last fetch failed this recently counts as down: nobody waits for it who has keys, however old. */
const DOWN_MS = 60_000
/** An unknown `kid` causes at most one fetch in this time. */
const UNKNOWN_KID_COOLDOWN_MS = 30_000
/** How long one request waits for keys that another is fetching. */
const WAIT_MS = 4_000
/** How long the shared copy is waited for; it is there to save time. */
const SHARED_MS = 1_000
/** A fetch whose request was torn down never settles; after this it counts as gone. */
const ABANDONED_MS = 10_000

export interface KeyStore {
  /**
   * The key that verifies a token of this issuer. It is matched on `kid`, `kty`, `use`, `key_ops` and `alg`.
   * @throws Refusal `token-invalid` where the issuer has no such key, `keys-unavailable` where that cannot be known
   */
  keyFor(issuer: TrustedIssuer, alg: string, kid: string | undefined, background: Background): Promise<CryptoKey>
  /** Whether a key is of its issuer's set, and the set fresh: then nothing has to be asked. */
  isCurrent(issuer: TrustedIssuer, key: CryptoKey): boolean
}

interface KeySet {
  readonly select: ReturnType<typeof createLocalJWKSet>
  /** Those of the set that have been selected so far. */
  readonly selected: WeakSet<CryptoKey>
  readonly fetchedAt: number
  readonly freshUntil: number
}

interface Slot {
  set?: KeySet
  pending?: { readonly since: number; readonly fetch: Promise<void> }
  /** When the network was last asked, and whether it answered. */
  attemptedAt: number
  failed: boolean
  retryAt: number
}

/** The gateway's own keys: before agents whose callers came through it already, it is the issuer, and a Worker may not fetch from itself. */
export type OwnKeys = () => Promise<SigningKeys>

async function ownKey(keys: OwnKeys, alg: string, kid: string | undefined): Promise<CryptoKey> {
  const { keys: signing, fault } = await keys()
  if (fault) throw new Refusal('keys-unavailable', `SIGNING_KEYS ${fault}`)
  const found = await select(createLocalJWKSet({ keys: signing.map(({ publicJwk }) => publicJwk) }), alg, kid)
  if (!found) throw refuseToken('key')
  return found
}

/**
 * Key sets of issuers, one per isolate. jose's own remote set has no single flight, no cool-down after failures and no
 * bounded use of stale keys on Workers, so these are here: one fetch at a time per issuer, kept alive beyond the request that
 * began it; a copy shared with the other isolates of the place; and "unreachable" kept apart from "no such key".
 *
 * It holds public keys only, no request's data.
 */
export function createKeyStore(ports: Ports, own?: OwnKeys): KeyStore {
  const slots = new Map<string, Slot>()

  async function refresh(issuer: TrustedIssuer, slot: Slot, background: Background): Promise<void> {
    const now = ports.now()
    if (slot.pending && now - slot.pending.since > ABANDONED_MS) delete slot.pending
    if (!slot.pending) {
      if (now < slot.retryAt) return
      const fetch = load(issuer, slot).finally(() => {
        if (slot.pending?.fetch === fetch) delete slot.pending
      })
      slot.pending = { since: now, fetch }
      background.waitUntil(fetch)
    }
    await answeredInTime(ports.after, WAIT_MS, slot.pending.fetch)
  }

  async function load(issuer: TrustedIssuer, slot: Slot): Promise<void> {
    const shared = await answeredInTime(ports.after, SHARED_MS, readShared(issuer))
    if (shared && shared.fetchedAt > (slot.set?.fetchedAt ?? 0)) {
      slot.set = keySet(shared)
      if (ports.now() < slot.set.freshUntil) return
    }
    slot.attemptedAt = ports.now()
    try {
      const document = await fetchKeySet(issuer, ports)
      slot.set = keySet(document)
      slot.failed = false
      await answeredInTime(ports.after, SHARED_MS, writeShared(issuer, document))
    } catch (thrown) {
      slot.failed = true
      slot.retryAt = ports.now() + FAILURE_COOLDOWN_MS * (1 + Math.random() / 2)
      ports.log(JSON.stringify({ event: 'keys-unreachable', issuer: issuer.id, reason: reasonOf(thrown) }))
    }
  }

  const sharedName = (issuer: TrustedIssuer) =>
    `https://keys.sallyport.internal/${encodeURIComponent(issuer.issuer)}/${encodeURIComponent(issuer.jwksUri ?? '')}`

  /** Another isolate's copy, checked as if it came from the network. A cache that fails is a cache that has nothing. */
  async function readShared(issuer: TrustedIssuer): Promise<KeySetDocument | undefined> {
    try {
      const hit = await ports.sharedCache?.match(sharedName(issuer))
      if (!hit) return undefined
      const { keys, fetchedAt, maxAgeMs } = (await hit.json()) as KeySetDocument
      return typeof fetchedAt === 'number' && fetchedAt <= ports.now()
        ? { keys: usableKeys(keys), fetchedAt, maxAgeMs }
        : undefined
    } catch {
      return undefined
    }
  }

  async function writeShared(issuer: TrustedIssuer, document: KeySetDocument): Promise<void> {
    const headers = { 'cache-control': `max-age=${STALE_MS / 1000}`, 'content-type': 'application/json' }
    try {
      await ports.sharedCache?.put(sharedName(issuer), new Response(JSON.stringify(document), { headers }))
    } catch {
      // Sharing is an optimisation; the next isolate asks the provider itself.
    }
  }

  return {
    isCurrent(issuer, key) {
      const set = slots.get(issuer.id)?.set
      return set !== undefined && ports.now() < set.freshUntil && set.selected.has(key)
    },
    async keyFor(issuer, alg, kid, background) {
      if (issuer.isGateway && own) return ownKey(own, alg, kid)
      const slot = slots.get(issuer.id) ?? { attemptedAt: 0, failed: false, retryAt: 0 }
      slots.set(issuer.id, slot)
      const usable = () => (slot.set && ports.now() - slot.set.fetchedAt < STALE_MS ? slot.set : undefined)

      const now = ports.now()
      const isFresh = slot.set !== undefined && now < slot.set.freshUntil
      const isDown = slot.failed && now - slot.attemptedAt < DOWN_MS
      // Old keys are used only after their issuer was asked in vain: a key that it withdrew must not outlive the freshness.
      if (!usable() || !(isFresh || isDown)) await refresh(issuer, slot, background)
      else if (!isFresh) background.waitUntil(refresh(issuer, slot, background))
      const set = usable()
      if (!set) throw unavailable(issuer)

      const found = await selectFrom(set, alg, kid)
      if (found) return found
      if (ports.now() - slot.attemptedAt >= UNKNOWN_KID_COOLDOWN_MS || slot.pending)
        await refresh(issuer, slot, background)
      const foundLater = slot.set && slot.set !== set && (await selectFrom(slot.set, alg, kid))
      if (foundLater) return foundLater
      // The key may be new, and its issuer cannot be asked: that is not the token's fault.
      throw slot.failed ? unavailable(issuer) : refuseToken('key')
    },
  }
}

/** The keys are not fetched again before the cool-down is over. */
const unavailable = ({ id }: TrustedIssuer): Refusal =>
  new Refusal('keys-unavailable', id, { retryAfter: FAILURE_COOLDOWN_MS / 1000 })

function keySet({ keys, fetchedAt, maxAgeMs }: KeySetDocument): KeySet {
  const fresh = Math.min(Math.max(maxAgeMs ?? FRESH_MS.usual, FRESH_MS.least), FRESH_MS.most)
  const select = createLocalJWKSet({ keys: [...keys] })
  return { select, selected: new WeakSet(), fetchedAt, freshUntil: fetchedAt + fresh }
}

async function selectFrom(set: KeySet, alg: string, kid: string | undefined): Promise<CryptoKey | undefined> {
  const found = await select(set.select, alg, kid)
  if (found) set.selected.add(found)
  return found
}

async function select(keyOf: KeySet['select'], alg: string, kid: string | undefined): Promise<CryptoKey | undefined> {
  try {
    return await keyOf(kid === undefined ? { alg } : { alg, kid })
  } catch (thrown) {
    if (thrown instanceof errors.JWKSNoMatchingKey || thrown instanceof errors.JWKSMultipleMatchingKeys)
      return undefined
    throw thrown
  }
}

const reasonOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message.slice(0, 200) : 'unknown')
