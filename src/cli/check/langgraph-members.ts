import type { DecidingMember } from '../../agents/members'

type Endpoint = readonly [method: string, path: string]

/** Names of request members that the gateway refuses or removes at every endpoint. */
const REFUSED = new Set(['webhook'])
/** Names of request members that affect only the run that the request itself starts. */
const OF_OWN_RUN = new Set(['on_disconnect'])
/**
 * Names of request members that the gateway limits to the caller's own data, by a rule for each
 * endpoint.
 */
const OWNED = new Set([
  ...['ids', 'thread_id', 'run_ids', 'checkpoint', 'config', 'metadata', 'namespace', 'namespace_prefix', 'prefix'],
  ...['suffix', 'delete_threads'],
])
/**
 * Names of request members that give no access to other people's data. They say what a run does,
 * what a search looks for, or what is returned.
 */
const HARMLESS = new Set([
  ...['after_seconds', 'as_node', 'assistant_id', 'before', 'channels', 'check_db', 'checkpoint_during', 'command'],
  ...['context', 'depth', 'description', 'durability', 'enabled', 'end_time', 'extract', 'feedback_keys', 'filter'],
  ...['graph_id', 'id', 'if_exists', 'include', 'index', 'input', 'interrupt_after', 'interrupt_before', 'key'],
  ...['limit', 'max_depth', 'method', 'name', 'namespaces', 'offset', 'params', 'query', 'recurse', 'refresh_ttl'],
  ...['schedule', 'select', 'since', 'sort_by', 'sort_order', 'stream_mode', 'stream_modes', 'stream_resumable'],
  ...['stream_subgraphs', 'subgraphs', 'supersteps', 'timezone', 'value', 'values', 'version', 'wait', 'xray'],
])
/** Names of request members that are harmless at some endpoints only. */
const EXCEPT: Readonly<Record<string, (endpoint: Endpoint) => boolean>> = {
  // At /store/, `ttl` is the lifetime of an item in the caller's own part of the store.
  ttl: ([, path]) => path.startsWith('/store/'),
  // `status` filters a search. The gateway refuses requests that cancel runs by `status`.
  status: () => true,
}

interface Schema {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> }
}

/**
 * Returns the names of all members that a JSON schema allows in a request body. A `$ref` without a
 * schema is ignored.
 *
 * @param followed the references that were followed already. They are not followed again, because a
 *   schema may refer to itself.
 */
function membersOf(document: OpenApi, schema: Schema, followed = new Set<string>()): readonly string[] {
  const { $ref, properties = {}, items, allOf = [], anyOf = [], oneOf = [] } = schema
  const parts = [...allOf, ...anyOf, ...oneOf, ...(items ? [items] : [])]
  if ($ref !== undefined && !followed.has($ref)) {
    followed.add($ref)
    const named = document.components?.schemas?.[$ref.replace('#/components/schemas/', '')]
    if (named) parts.push(named)
  }
  const deeper = parts.flatMap((part) => membersOf(document, part, followed))
  return [...Object.keys(properties), ...deeper]
}

const plainPath = (path: string): string => path.replace(/\{[^}]+\}|:[^/]+/g, '*').replace(/(?<=.)\/$/, '')

/**
 * Lists the request members, in query and body, for which the gateway has no rule at an endpoint
 * that it knows. None of `REFUSED`, `OF_OWN_RUN`, `OWNED`, `HARMLESS` and `EXCEPT` covers such a
 * member, and the endpoint's operations do not depend on it.
 */
export function unknownMembers(
  document: OpenApi,
  rows: readonly { readonly method: string; readonly path: string; readonly members?: readonly DecidingMember[] }[],
): { readonly unknown: readonly string[]; readonly seen: number; readonly unused: readonly string[] } {
  const used = new Set<string>()
  let seen = 0
  const unknown = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { parameters = [], requestBody }]) => {
      const row = rows.find((each) => each.method === method.toUpperCase() && plainPath(each.path) === plainPath(path))
      if (!row) return []
      seen++
      const inQuery = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)
      const schema = requestBody?.content?.['application/json']?.schema
      const names = new Set([...inQuery, ...(schema ? membersOf(document, schema) : [])])
      const decides = new Set(row.members?.flatMap(({ spellings }) => spellings))
      for (const name of names) used.add(name)
      return [...names]
        .filter((name) => !decides.has(name) && !EXCEPT[name]?.([row.method, row.path]))
        .filter((name) => ![REFUSED, OF_OWN_RUN, OWNED, HARMLESS].some((list) => list.has(name)))
        .map((name) => `${row.method} ${row.path}: ${name}`)
    }),
  )
  const listed = [...REFUSED, ...OF_OWN_RUN, ...OWNED, ...HARMLESS, ...Object.keys(EXCEPT)]
  return { unknown, seen, unused: listed.filter((name) => !used.has(name)) }
}
