/**
 * The entries of `trust`, which are identity providers and API keys. This module has the schema,
 * the check and the compiled form of each.
 */
import * as v from 'valibot'
import type { KeyNamespace, TrustedKeys } from '../authentication/api-key/trusted-keys'
import type { TrustedIssuer } from '../authentication/jwt/trusted-issuer'
import { type ApiKeys, ApiKeysSchema } from './api-keys-schema'
import { checkIssuer } from './check-issuer'
import { compileIssuer } from './compile-issuer'
import { binding, type Environment } from './env'
import { show } from './fault'
import { type Issuer, IssuerSchema } from './issuer-schema'
import type { Report } from './report'
import type { Settings } from './settings'

/** An entry of a route's `trust`, as a file in policies/ defines it. */
export type Trust = Issuer | ApiKeys

/** Tells whether an entry of `trust` defines API keys: only those have a `binding`. */
export const isApiKeys = (trust: unknown): trust is ApiKeys =>
  typeof trust === 'object' && trust !== null && 'binding' in trust

export const TrustSchema: v.GenericSchema<Trust> = v.lazy((input) => (isApiKeys(input) ? ApiKeysSchema : IssuerSchema))

/** The entries of `trust` by kind, with addresses resolved and defaults filled in. */
export interface Trusted {
  readonly issuers: readonly TrustedIssuer[]
  readonly apiKeys: readonly TrustedKeys[]
}

/**
 * Returns the issuer of people who have API keys only. @param id the id of the API keys in
 * policies/
 */
export const ownIssuerOf = (id: string): string => `urn:sallyport:api-keys:${id}`

export const issuersIn = (trust: readonly Trust[] = []): readonly Issuer[] =>
  trust.filter((each): each is Issuer => !isApiKeys(each))

export function checkTrust(trust: Trust, settings: Settings, environment: Environment, report: Report): void {
  if (!isApiKeys(trust)) {
    checkIssuer(trust, settings, environment, report)
    return
  }
  if (trust.id === 'local')
    report(
      'id',
      '"local"',
      'another id',
      'Choose another id: npm start uses user ids that begin with local: for its own people.',
    )
  if (!namespaceOf(trust, environment))
    report(
      'binding',
      `${show(trust.binding)}, which is not bound`,
      'the name of a KV namespace',
      `Bind it in wrangler.toml: [[kv_namespaces]] binding = "${trust.binding}", and the id that \`npx wrangler kv namespace create ${trust.binding}\` prints.`,
    )
}

/** Checks that the entries of one route's `trust` fit each other. */
export function checkTrustList(trust: readonly Trust[], environment: Environment, report: Report): void {
  const { issuers, apiKeys } = compileTrust(trust, environment)
  const isTwice = (values: readonly string[]) => new Set(values).size < values.length
  const own = apiKeys.filter(({ id, issuerId }) => id === issuerId)
  if (isTwice([...issuers, ...own].map(({ subjectPrefix }) => subjectPrefix)))
    report(
      'trust',
      `${issuers.length + own.length} entries, some with the same subjectPrefix`,
      'a different subjectPrefix for each entry',
      'Give all entries but one a prefix, or two people could get one user id.',
    )
  if (isTwice(issuers.map(({ issuer }) => issuer)))
    report('trust', 'one `issuer` twice', 'each issuer once', 'Merge the entries: only the first is used.')
  for (const { peopleOf } of trust.filter(isApiKeys)) {
    if (peopleOf === undefined || issuers.filter(({ id }) => id === peopleOf).length === 1) continue
    report(
      'trust',
      `API keys with peopleOf ${show(peopleOf)}`,
      'the id of one issuer of this route, without `tenants`',
      'Write the id of one issuer, or remove peopleOf.',
    )
  }
}

/**
 * Returns the issuers and API keys of a route, with every default filled in.
 * @param trust already checked
 */
export function compileTrust(trust: readonly Trust[], environment: Environment): Trusted {
  const issuers = issuersIn(trust).flatMap((issuer) => compileIssuer(issuer, environment))
  const apiKeys = trust.filter(isApiKeys).flatMap((keys) => {
    const namespace = namespaceOf(keys, environment)
    return namespace ? [compileKeys(keys, namespace, issuers)] : []
  })
  return { issuers, apiKeys }
}

function compileKeys(
  { id, binding, peopleOf }: ApiKeys,
  namespace: KeyNamespace,
  issuers: readonly TrustedIssuer[],
): TrustedKeys {
  const people = issuers.find((issuer) => issuer.id === peopleOf)
  return {
    id,
    issuer: people?.issuer ?? ownIssuerOf(id),
    issuerId: people?.id ?? id,
    subjectPrefix: people?.subjectPrefix ?? `${id}:`,
    binding,
    // The binding is wrapped, so that a printed configuration does not contain the platform's
    // object.
    namespace: { get: (name, options) => namespace.get(name, options) },
  }
}

const namespaceOf = (keys: ApiKeys, environment: Environment): KeyNamespace | undefined =>
  // Only KV namespaces have `getWithMetadata`. Buckets and Durable Objects have a `get` too.
  binding<KeyNamespace & { getWithMetadata: unknown }>(environment, keys.binding, 'getWithMetadata')
