import * as v from 'valibot'
import { id, variableName } from './atoms'

/** API keys of people or machines, in a KV namespace. `sallyport keys api` makes them. */
export const ApiKeysSchema = v.strictObject({
  id,
  /** The binding of the KV namespace in wrangler's file. */
  binding: variableName,
  /**
   * The id of an issuer that the same route trusts. Each API key then identifies a person of this
   * issuer, who has the same threads with a key as with a token. Without `peopleOf`, the keys
   * identify separate people, whose user ids begin with the `id` of these API keys and a colon.
   */
  peopleOf: v.optional(id),
})

/** API keys as a file in policies/ defines them. */
export type ApiKeys = v.InferInput<typeof ApiKeysSchema>
