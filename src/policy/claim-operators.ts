import * as v from 'valibot'
import type { Caller } from '../caller'
import { claimAt } from '../claims'
import { some, text } from '../config/atoms'

const scalar = v.union([v.string(), v.number(), v.boolean()], 'a text, a number or true/false')
export type Scalar = string | number | boolean

/** A comparison of a claim with a value that a policy names. */
interface ClaimOperator<Wanted> {
  /** The schema of the value. */
  readonly shape: v.GenericSchema<Wanted>
  holds(claim: unknown, wanted: Wanted): boolean
}

const equals: ClaimOperator<Scalar | readonly Scalar[]> = {
  shape: v.union([scalar, some(scalar)]),
  holds: (claim, wanted) => [wanted].flat().some((each) => each === claim),
}

const includes: ClaimOperator<Scalar> = {
  shape: scalar,
  holds: (claim, wanted) => Array.isArray(claim) && claim.includes(wanted),
}

/**
 * Operators by their names in policies. `equals` holds if the claim is the given value, or one of
 * several given values. `includes` holds if the claim is a list that contains the value. Values are
 * not converted: "1" is not 1.
 */
const operators = { equals, includes }
type Operators = typeof operators

/** A condition of a policy about one claim: the claim's name, and one operator with its value. */
export type ClaimCondition = {
  [Name in keyof Operators]: { readonly name: string } & {
    readonly [Own in Name]: Operators[Name] extends ClaimOperator<infer Wanted> ? Wanted : never
  }
}[keyof Operators]

export const claimOperators = Object.keys(operators)

const named = Object.entries(operators) as readonly (readonly [string, ClaimOperator<unknown>])[]

export const ClaimConditionSchema = v.union(
  named.map(([name, { shape }]) => v.strictObject({ name: text, [name]: shape })),
  named.map(([name]) => `{ name, ${name} }`).join(' or '),
) as unknown as v.GenericSchema<ClaimCondition>

/**
 * Tells whether a claim of the caller meets a condition. A claim that is absent meets no condition.
 */
export function claimHolds(condition: ClaimCondition, { claims }: Caller): boolean {
  const wanted: Readonly<Record<string, unknown>> = condition
  return named.some(([name, { holds }]) => name in wanted && holds(claimAt(claims, condition.name), wanted[name]))
}
