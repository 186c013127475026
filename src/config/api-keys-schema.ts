import * as v from 'valibot'
import { id, variableName } from './atoms'

/** API keys of people or machines, in a KV namespace. `sallyport keys api` makes them. */
export const ApiKeysSchema = v.strictObject({
  id,
  /** The binding of the KV namespace in wrangler's file. */
  binding: variableName,
  /**
   * The id of an issuer of the same route: keys stand for its people, who then have their own
   * threads, whatever they sign in with. Without it keys have people of their own, whose user ids
   * begin with this id and a colon.
   */
  peopleOf: v.optional(id),
})

/** API keys as written. */
export type ApiKeys = v.InferInput<typeof ApiKeysSchema>
