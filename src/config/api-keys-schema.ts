import * as v from 'valibot'
import { id, variableName } from './atoms'

/** API keys of people or machines, in a KV namespace. `sallyport keys api` makes them. */
export const ApiKeysSchema = v.strictObject({
  id,
  /** The binding of the KV namespace in wrangler's file. */
  binding: variableName,
  /**
   * The id of an issuer of the same route. Keys then stand for its people, who have the same
   * threads with a key as with a token. Without it, keys have people of their own, whose user ids
   * begin with the id of the keys and a colon.
   */
  peopleOf: v.optional(id),
})

/** API keys as written. */
export type ApiKeys = v.InferInput<typeof ApiKeysSchema>
