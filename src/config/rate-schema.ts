import * as v from 'valibot'
import { id, some, variableName } from './atoms'
import { pattern } from './operation-pattern'

/**
 * A limit on the number of requests in a time window, counted by a `ratelimits` binding of
 * wrangler's file.
 */
export const RateSchema = v.strictObject({
  name: id,
  /**
   * The property that groups requests: those with the same person, tenant and so on are counted
   * together. Requests per `address` are counted before the caller is known.
   */
  per: v.picklist(['person', 'tenant', 'key', 'route', 'operation', 'address']),
  /** The binding's name in wrangler's file. */
  binding: variableName,
  most: v.pipe(v.number(), v.integer('a whole number'), v.minValue(1, 'at least 1')),
  /** The length of the time window. Cloudflare supports only these two lengths. */
  seconds: v.picklist([10, 60]),
  /** The operations whose requests are counted. Default: all. */
  operations: v.optional(some(pattern)),
})
