import * as v from 'valibot'
import type { Issuer, Policy, Route } from './define'
import { type Fault, show } from './fault'
import { RouteSchema } from './route-schema'

type Keys = readonly (string | number)[]

/**
 * Parses one entry of the list of routes. If it is not a valid route, adds its faults to `faults`.
 * @param index the place of the entry in the list
 */
export function parseRoute(route: unknown, index: number, faults: Fault[]): Route | undefined {
  const misplaced = misplacedIn(route, index)
  const found =
    misplaced.length > 0
      ? misplaced
      : [
          ...(v.safeParse(RouteSchema, route).issues ?? []).map((issue) => faultOf(issue, route, index)),
          ...undefinedAt(route).map((keys) => ({ ...place(keys, route, index), ...UNDEFINED })),
        ]
  faults.push(...found)
  return found.length === 0 ? (route as Route) : undefined
}

/**
 * Finds entries in the wrong list of a route, such as a policy in `trust`. The fault is in the
 * route's file, not in the policy's.
 */
function misplacedIn(route: unknown, index: number): Fault[] {
  const parts = route as Readonly<Partial<Record<'trust' | 'policies', readonly unknown[]>>> | null
  const has = (part: unknown, key: string): boolean => typeof part === 'object' && part !== null && key in part
  const sorts = [
    ['trust', 'allow', 'a policy', 'an identity provider, made by defineIssuer', 'Move it to `policies`.'],
    ['policies', 'issuer', 'an identity provider', 'a policy, made by definePolicy', 'Move it to `trust`.'],
    ['policies', 'binding', 'API keys', 'a policy, made by definePolicy', 'Move it to `trust`.'],
  ] as const
  return sorts.flatMap(([list, mark, found, expected, remedy]) =>
    (Array.isArray(parts?.[list]) ? parts[list] : []).flatMap((part: unknown, at: number) =>
      has(part, mark) ? [{ ...place([list], route, index), path: `${list}[${at}]`, found, expected, remedy }] : [],
    ),
  )
}

function faultOf(issue: v.BaseIssue<unknown>, route: unknown, index: number): Fault {
  const keys = (issue.path ?? []).map(({ key }) => key as string | number)
  const isUnknownKey = issue.expected === 'never'
  // Some users write the secret itself in this field, instead of the secret's name. The text must
  // not be printed.
  if (keys.at(-1) === 'secret' && issue.input !== undefined) return { ...place(keys, route, index), ...NO_SECRET }
  return {
    ...place(keys, route, index),
    found: isUnknownKey ? 'an unknown key' : show(issue.input),
    expected: isUnknownKey ? 'no such key' : expectedText(issue),
    remedy: isUnknownKey
      ? 'Remove the key, or correct its spelling.'
      : issue.input === undefined
        ? 'Add the key.'
        : 'Correct the value.',
  }
}

/** Simple words for valibot's names of types. */
const TYPES: Readonly<Record<string, string>> = {
  Array: 'a list',
  Object: 'an object',
}

/**
 * Returns the text that says what was expected. Prefers a message of our own schemas, because
 * valibot's messages repeat the value that was found.
 */
function expectedText({ input, message, expected }: v.BaseIssue<unknown>): string {
  if (input === undefined) return 'a value: this key is required'
  if (!message.startsWith('Invalid ') || expected === null) return message
  return TYPES[expected] ?? expected.replace(/^\((.*)\)$/, '$1').replaceAll(' | ', ' or ')
}

const NO_SECRET = {
  found: 'a value that is not shown',
  expected: 'the name of a secret, such as AGENT_API_KEY',
  remedy: 'Write the name here, and store the value with: npx wrangler secret put NAME',
}

const UNDEFINED = {
  found: 'undefined',
  expected: 'a value, or no such key',
  remedy: 'Correct the import: the file has no such export.',
}

/** Finds the keys, at any depth, whose value is undefined. */
function undefinedAt(value: unknown, keys: Keys = []): Keys[] {
  if (value === undefined && keys.length > 0) return [keys]
  if (typeof value !== 'object' || value === null) return []
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return entries.flatMap(([key, each]) => undefinedAt(each, [...keys, key]))
}

/**
 * Returns the file and path of a fault. Issuers and policies have files of their own, so the file
 * is that of the innermost part with an id.
 */
function place(keys: Keys, route: unknown, index: number): Pick<Fault, 'file' | 'path'> {
  const [top, position] = keys
  const part =
    (top === 'trust' || top === 'policies') && typeof position === 'number'
      ? ((route as Route)[top]?.[position] as Issuer | Policy | undefined)
      : undefined
  // The file of a part without an id is not known, so the route's file is named.
  const inner = typeof part?.id === 'string'
  const id = inner ? part.id : (route as { id?: unknown } | null | undefined)?.id
  return {
    file: typeof id === 'string' ? `${inner ? 'policies' : 'routes'}/${id}.ts` : `routes/index.ts [${index}]`,
    path: pathText(inner ? keys.slice(2) : keys),
  }
}

const pathText = (keys: Keys): string =>
  keys.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('') || '(whole)'
