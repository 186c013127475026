import * as v from 'valibot'
import { id, some, variableName } from './atoms'
import { pattern } from './operation-pattern'

/** A limit of requests in a window, counted by a `ratelimits` binding of wrangler's file. */
export const RateSchema = v.strictObject({
  name: id,
  /** The thing that requests are counted by. `address` is counted before the caller is known. */
  per: v.picklist(['person', 'tenant', 'key', 'route', 'operation', 'address']),
  /** The binding's name in wrangler's file. */
  binding: variableName,
  most: v.pipe(v.number(), v.integer('a whole number'), v.minValue(1, 'at least 1')),
  /** The platform supports only these two windows. */
  seconds: v.picklist([10, 60]),
  /** The operations that count. Default: all. */
  operations: v.optional(some(pattern)),
})
