import * as v from 'valibot'
import { id, some, text } from '../../config/atoms'
import { pattern } from '../../config/operation-pattern'

/** All data of an API key, stored as JSON under the key's name. */
export const ApiKeyRecordSchema = v.strictObject({
  v: v.literal(1),
  /** The key's purpose, for people who read the list of keys. */
  label: text,
  subject: text,
  kind: v.picklist(['user', 'service']),
  roles: v.array(text),
  scopes: v.array(text),
  tenant: v.optional(text),
  email: v.optional(text),
  name: v.optional(text),
  /** The time of creation, in ISO 8601. */
  createdAt: text,
  /** Seconds since the epoch. Without it, the key does not expire. */
  expiresAt: v.optional(v.pipe(v.number(), v.integer())),
  /** Ids of the routes that accept the key. Default: all routes that trust it. */
  routes: v.optional(some(id)),
  /** The operations that the key may be used for. Default: all that policies allow. */
  operations: v.optional(some(pattern)),
})

export type ApiKeyRecord = v.InferOutput<typeof ApiKeyRecordSchema>

/** Parses a stored record. Returns undefined for any other text. */
export function readRecord(json: string): ApiKeyRecord | undefined {
  try {
    const { success, output } = v.safeParse(ApiKeyRecordSchema, JSON.parse(json))
    return success ? output : undefined
  } catch {
    return undefined
  }
}
