import * as v from 'valibot'
import { type ClaimCondition, ClaimConditionSchema } from '../policy/claim-operators'
import { id, some, text } from './atoms'
import { pattern } from './operation-pattern'
import { RateSchema } from './rate-schema'

const oneOrMore = v.union([text, some(text)], 'a text or a list of texts')

/** Conditions on a caller. The caller must match every given field; a list means "one of these". */
export interface Condition {
  readonly role?: string | readonly string[] | undefined
  readonly scope?: string | readonly string[] | undefined
  readonly claim?: ClaimCondition | undefined
  /** The id of the issuer, as a file in policies/ defines it. */
  readonly issuer?: string | readonly string[] | undefined
  readonly tenant?: string | readonly string[] | undefined
  /**
   * A `service` is a client with a token that it got for itself; every other caller is a `user`.
   */
  readonly caller?: 'user' | 'service' | undefined
  readonly all?: readonly Condition[] | undefined
  readonly any?: readonly Condition[] | undefined
  readonly not?: Condition | undefined
}

const ConditionSchema: v.GenericSchema<Condition> = v.pipe(
  v.strictObject({
    role: v.optional(oneOrMore),
    scope: v.optional(oneOrMore),
    claim: v.optional(ClaimConditionSchema),
    issuer: v.optional(oneOrMore),
    tenant: v.optional(oneOrMore),
    caller: v.optional(v.picklist(['user', 'service'])),
    all: v.optional(some(v.lazy(() => ConditionSchema))),
    any: v.optional(some(v.lazy(() => ConditionSchema))),
    not: v.optional(v.lazy(() => ConditionSchema)),
  }),
  v.check(
    (condition) => Object.keys(condition).length > 0,
    'at least one requirement; leave `when` out to mean everybody',
  ),
)

const RuleSchema = v.strictObject({ name: text, operations: some(pattern), when: v.optional(ConditionSchema) })

/** A request in an example of a policy. Its path is relative to the route. */
const RequestSchema = v.strictObject({ method: text, path: v.string(), body: v.optional(v.unknown()) })

export const PolicySchema = v.strictObject({
  id,
  /** At least one rule of `allow` must match, or the request is refused. */
  allow: some(RuleSchema),
  /** If a rule of `deny` matches, the request is refused, even if another policy allows it. */
  deny: v.optional(v.array(RuleSchema)),
  /** Limits on the number of requests, on every route that has this policy. */
  rates: v.optional(some(RateSchema)),
  /** Examples that `npm test` runs: at least one that is allowed and one that is denied. */
  examples: v.pipe(
    v.array(
      v.strictObject({
        as: v.strictObject({
          roles: v.optional(v.array(text)),
          scopes: v.optional(v.array(text)),
          claims: v.optional(v.record(v.string(), v.unknown())),
          issuer: v.optional(text),
          tenant: v.optional(text),
          caller: v.optional(v.picklist(['user', 'service'])),
        }),
        does: v.union([text, RequestSchema], 'an operation, or { method, path, body } of a request'),
        expect: v.picklist(['allow', 'deny']),
      }),
    ),
    v.check(
      (examples) => examples.some((e) => e.expect === 'allow') && examples.some((e) => e.expect === 'deny'),
      'at least one example that is allowed and one that is denied',
    ),
  ),
})
