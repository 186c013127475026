import type { JWK } from 'jose'
import { fetchKeySet } from '../../authentication/jwt/key-set'
import type { TrustedIssuer } from '../../authentication/jwt/trusted-issuer'
import { type Fault, show } from '../../config/fault'
import { fitsAlgorithm, type JwsAlgorithm } from '../../jws'
import type { Ports } from '../../ports'
import { watchClock } from './clock'
import { causeOf, type Online, TIMEOUT_MS } from './online-result'

/** The difference that rounding to whole seconds, in the headers `Date` and `Age`, can cause. */
const ROUNDING_SECONDS = 2
/** The largest `clockSkewSeconds` that an issuer may have. */
const MOST_SKEW_SECONDS = 60

type Network = Pick<Ports, 'fetch' | 'now' | 'after'>
/** Issuers of one provider, at least one. */
export type Issuers = readonly [TrustedIssuer, ...TrustedIssuer[]]

/**
 * Fetches the discovery document and the keys of an identity provider once, and compares them with
 * the settings of each issuer. Also compares the provider's clock with this machine's.
 *
 * @param issuers those with the same `issuer` and `jwksUri`: routes may give them other settings
 */
export async function askProvider(issuers: Issuers, network: Network): Promise<Online> {
  const clock = watchClock(network)
  const ports = { ...network, fetch: clock.fetch, randomId: () => '', emit: () => undefined, log: () => undefined }
  const named = await nameInDiscovery(issuers[0], ports)
  const misnamed = issuers.flatMap((issuer) => nameFaults(issuer, named))
  const others = issuers.filter((issuer) => nameFaults(issuer, named).length === 0)
  if (others.length === 0) return withoutRepeats([], misnamed)
  let keys: readonly JWK[]
  try {
    keys = (await fetchKeySet(issuers[0], ports)).keys
  } catch (thrown) {
    return withoutRepeats([], [...misnamed, ...others.map((issuer) => fetchFault(issuer, thrown))])
  }
  const ofClock = clockFaults(issuers, clock.secondsApart())
  const ofKeys = others.flatMap((issuer) => keyFaults(issuer, keys))
  const right = others.filter((issuer) => ofClock.length === 0 && keyFaults(issuer, keys).length === 0)
  const lines = right.map((each) => `${each.issuer}: ${keys.length} keys, for ${usableOf(each, keys).join(', ')}`)
  return withoutRepeats(lines, [...misnamed, ...ofKeys, ...ofClock])
}

/** Removes repeated lines and faults. Issuers that share an id and settings have the same ones. */
const withoutRepeats = (lines: readonly string[], faults: readonly Fault[]): Online => ({
  lines: [...new Set(lines)],
  notes: [],
  faults: [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()],
})

const fileOf = ({ id }: TrustedIssuer): string => `policies/${id}.ts`
const withoutSlash = (issuer: string): string => issuer.replace(/\/$/, '')

/**
 * Compares an issuer with the one that the provider's discovery document names.
 *
 * A provider with a preset also has a discovery document, although the gateway does not need it to
 * find the keys. If a project without a preset sets `jwksUri`, the document may name another
 * issuer. A slash at the end is a fault even then, because the gateway compares `iss` exactly.
 */
function nameFaults(entry: TrustedIssuer, named: string | undefined): readonly Fault[] {
  const { issuer, jwksUri, preset } = entry
  if (named === undefined || named === issuer) return []
  const isSlash = withoutSlash(named) === withoutSlash(issuer)
  if (!isSlash && jwksUri !== undefined && preset === undefined) return []
  const remedy = isSlash
    ? 'The two differ in the slash at the end. Write the issuer exactly as the provider does.'
    : 'Write the issuer that the provider names.'
  const expected = `${show(named)}, as the discovery document says`
  return [{ file: fileOf(entry), path: 'issuer', found: show(issuer), expected, remedy }]
}

const usableOf = ({ algorithms }: TrustedIssuer, keys: readonly JWK[]): readonly JwsAlgorithm[] =>
  algorithms.filter((name) => keys.some((key) => fitsAlgorithm(key, name)))

/** Returns a fault if no published key fits the algorithms of an issuer. */
function keyFaults(issuer: TrustedIssuer, keys: readonly JWK[]): readonly Fault[] {
  if (usableOf(issuer, keys).length > 0) return []
  const found = issuer.algorithms.join(', ')
  const expected = 'an algorithm that fits a published key'
  return [{ file: fileOf(issuer), path: 'algorithms', found, expected, remedy: kindsOf(keys) }]
}

/** Returns a fault if the clocks differ by more than the strictest of the issuers tolerates. */
function clockFaults(issuers: Issuers, secondsApart: number): readonly Fault[] {
  const strictest = issuers.reduce((a, b) => (b.clockSkewSeconds < a.clockSkewSeconds ? b : a))
  const { clockSkewSeconds } = strictest
  if (!(secondsApart > clockSkewSeconds + ROUNDING_SECONDS)) return []
  const found = `clocks ${Math.round(secondsApart)} seconds apart`
  const larger = clockSkewSeconds < MOST_SKEW_SECONDS ? `, or set clockSkewSeconds to at most ${MOST_SKEW_SECONDS}` : ''
  const remedy = `Set the clock of this machine. If the gateway says that new tokens are expired or not yet valid, check the clock of the provider${larger}.`
  const expected = `at most ${clockSkewSeconds} seconds`
  return [{ file: fileOf(strictest), path: 'clockSkewSeconds', found, expected, remedy }]
}

const fetchFault = (issuer: TrustedIssuer, thrown: unknown): Fault => ({
  file: fileOf(issuer),
  path: issuer.jwksUri === undefined ? 'issuer' : 'jwksUri',
  found: causeOf(thrown),
  expected: 'the keys of the issuer',
  remedy: `Look at ${issuer.jwksUri ?? issuer.issuer}, and set jwksUri if the keys are at another address.`,
})

const kindsOf = (keys: readonly JWK[]): string =>
  `Set algorithms to fit the published keys: ${[...new Set(keys.map(({ kty, crv }) => crv ?? kty))].join(', ')}.`

/**
 * Returns the `issuer` in a provider's discovery document, or undefined if there is no such
 * document.
 */
async function nameInDiscovery(
  { issuer }: TrustedIssuer,
  { fetch }: Pick<Ports, 'fetch'>,
): Promise<string | undefined> {
  try {
    const url = `${withoutSlash(issuer)}/.well-known/openid-configuration`
    const { issuer: named } = (await (await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })).json()) as {
      issuer?: unknown
    }
    return typeof named === 'string' ? named : undefined
  } catch {
    return undefined
  }
}
