import * as v from 'valibot'
import { type ApiKeyRecord, ApiKeyRecordSchema } from '../authentication/api-key/record'
import { ProjectError } from './project'

export const DAY_SECONDS = 86_400
/**
 * The latest accepted end of a key, in seconds (year 2255). A larger number is probably in
 * milliseconds.
 */
const LAST = 9_000_000_000
/**
 * Matches a text without line breaks. Such a text fits on one line in a list of API keys, and in a
 * header for an agent.
 */
const LINE = /^(?!\s)[^\p{Cc}\p{Zl}\p{Zp}]{1,256}(?<!\s)$/u

/** The options of a new API key, as the user gave them to the command. */
export interface KeyOptions {
  readonly label?: string | undefined
  readonly subject?: string | undefined
  readonly service: boolean
  readonly role?: string[] | undefined
  readonly scope?: string[] | undefined
  readonly tenant?: string | undefined
  readonly email?: string | undefined
  readonly name?: string | undefined
  readonly expires?: string | undefined
  readonly route?: string[] | undefined
  readonly operation?: string[] | undefined
}

/**
 * Makes the record of a new API key.
 * @param known ids of the routes that trust such keys
 * @throws ProjectError
 */
export function recordOf(values: KeyOptions, known: readonly string[]): ApiKeyRecord {
  const { label, subject, service, role = [], scope = [], tenant, email, name, expires, route, operation } = values
  if (!label || !subject) throw new Error('create needs --label and --subject.')
  for (const given of [label, subject])
    if (!LINE.test(given))
      throw new ProjectError(
        `${JSON.stringify(given.slice(0, 60))}: --label and --subject take one line of at most 256 characters.`,
      )
  for (const each of route ?? [])
    if (!known.includes(each))
      throw new ProjectError(
        `The route "${each}" does not exist, or does not trust these keys. The routes that trust them are: ${known.join(', ')}.`,
      )
  const expiresAt = endOf(expires ?? '90d')
  const record = {
    v: 1,
    label,
    subject,
    kind: service ? 'service' : 'user',
    roles: role,
    scopes: scope,
    ...(tenant !== undefined && { tenant }),
    ...(email !== undefined && { email }),
    ...(name !== undefined && { name }),
    createdAt: new Date().toISOString(),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(route && { routes: route }),
    ...(operation && { operations: operation }),
  }
  const { success, output, issues } = v.safeParse(ApiKeyRecordSchema, record)
  if (success) return output
  const [issue] = issues
  throw new ProjectError(`${v.getDotPath(issue)}: found ${issue.received}, expected ${issue.message}.`)
}

/**
 * Returns the time at which a key expires.
 * @returns seconds since the epoch; undefined if the key never expires
 */
export function endOf(given: string): number | undefined {
  if (given === 'never') return undefined
  const now = Math.floor(Date.now() / 1000)
  const days = daysOf(given)
  const isDate = /^\d{4}-\d\d-\d\d(?:T.+)?$/.test(given)
  const at =
    days === undefined ? (isDate ? Math.floor(Date.parse(given) / 1000) : Number.NaN) : now + days * DAY_SECONDS
  if (Number.isSafeInteger(at) && at > now && at < LAST) return at
  throw new ProjectError(
    `--expires ${given}: write a number of days such as 90d, a future date such as 2027-06-30, or never.`,
  )
}

/** Returns the number of days in a text such as `90d`, or undefined for any other text. */
export const daysOf = (given: string): number | undefined => {
  const days = /^(\d{1,4})d$/.exec(given)?.[1]
  return days === undefined ? undefined : Number(days)
}

/** Returns a text that says when a key expires. */
export const endText = ({ expiresAt }: { readonly expiresAt?: number | undefined }): string => {
  if (expiresAt === undefined) return 'does not end by itself'
  if (expiresAt > LAST) return 'ends at a time that cannot be read'
  const at = new Date(expiresAt * 1000).toISOString().slice(0, 16).replace('T', ' ')
  return expiresAt * 1000 > Date.now() ? `ends at ${at} UTC` : `ended at ${at} UTC`
}
