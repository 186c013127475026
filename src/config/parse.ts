import * as v from 'valibot'
import type { Issuer, Policy, Route } from './define'
import { type Fault, show } from './fault'
import { RouteSchema } from './route-schema'

type Keys = readonly (string | number)[]

/** One entry of the list as a route, or its faults. @param index where in the list it stands */
export function parseRoute(route: unknown, index: number, faults: Fault[]): Route | undefined {
  const found = [
    ...(v.safeParse(RouteSchema, route).issues ?? []).map((issue) => faultOf(issue, route, index)),
    ...undefinedAt(route).map((keys) => ({ ...place(keys, route, index), ...UNDEFINED })),
  ]
  faults.push(...found)
  return found.length === 0 ? (route as Route) : undefined
}

function faultOf(issue: v.BaseIssue<unknown>, route: unknown, index: number): Fault {
  const keys = (issue.path ?? []).map(({ key }) => key as string | number)
  const isUnknownKey = issue.expected === 'never'
  return {
    ...place(keys, route, index),
    found: isUnknownKey ? 'a key that means nothing here' : show(issue.input),
    expected: isUnknownKey ? 'no such key' : expectedText(issue),
    remedy: isUnknownKey
      ? 'Remove it, or correct its spelling.'
      : issue.input === undefined
        ? 'Add it.'
        : 'Correct the value.',
  }
}

/** Schemas whose message was written say best what they expect; valibot's own messages repeat what was received. */
function expectedText(issue: v.BaseIssue<unknown>): string {
  if (issue.input === undefined) return 'a value: this key is required'
  return issue.message.startsWith('Invalid ') ? (issue.expected ?? issue.message) : issue.message
}

const UNDEFINED = {
  found: 'undefined',
  expected: 'a value, or no such key',
  remedy: 'Look at what was imported under that name: a requirement that is undefined would be no requirement.',
}

/** Where a key is there and its value is not. */
function undefinedAt(value: unknown, keys: Keys = []): Keys[] {
  if (value === undefined && keys.length > 0) return [keys]
  if (typeof value !== 'object' || value === null) return []
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return entries.flatMap(([key, each]) => undefinedAt(each, [...keys, key]))
}

/** Issuers and policies are files of their own, so the file is the innermost thing that has an id. */
function place(keys: Keys, route: unknown, index: number): Pick<Fault, 'file' | 'path'> {
  const [top, position] = keys
  const inner = (top === 'trust' || top === 'policies') && typeof position === 'number'
  const owner = inner ? ((route as Route)[top]?.[position] as Issuer | Policy | undefined) : route
  const id = (owner as { id?: unknown } | null | undefined)?.id
  return {
    file: typeof id === 'string' ? `${inner ? 'policies' : 'routes'}/${id}.ts` : `routes/index.ts [${index}]`,
    path: pathText(inner ? keys.slice(2) : keys),
  }
}

const pathText = (keys: Keys): string =>
  keys.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('') || '(whole)'
