import { Refusal } from '../../errors/refusal'
import { isNumber, isObject, type Json, parseJson } from '../../json'
import type { Rule } from '../thread-isolation'

/** Where a namespace stands in the bodies of the store's requests, by path. */
const MEMBER: Readonly<Record<string, string>> = {
  '/store/items': 'namespace',
  '/store/items/search': 'namespace_prefix',
  '/store/namespaces': 'prefix',
}

/**
 * The store, in which each owner has a namespace of their own above all that they name. It is put
 * before theirs on the way in, and taken off on the way out. A graph that uses the store itself
 * knows nothing of it.
 */
export const store: Rule = (call, { owner }) => {
  const own = `u_${owner}`
  const { query, body, endpoint } = call
  const named =
    body === undefined ? { query: queryIn(own, query) } : { body: bodyIn(own, body, MEMBER[endpoint.path] ?? '') }
  return { call: { ...call, ...named }, change: { answer: (text) => withoutOwn(own, text) } }
}

/**
 * `GET /store/items?namespace=a.b`: labels with points between; LangGraph allows none in a label.
 */
function queryIn(own: string, query: string): string {
  const search = new URLSearchParams(query)
  const [namespace, ...more] = search.getAll('namespace')
  if (more.length > 0) throw new Refusal('body-invalid', 'more than one namespace')
  search.set('namespace', namespace ? `${own}.${namespace}` : own)
  return `?${search}`
}

function bodyIn(own: string, body: Json, member: string): Json {
  if (!isObject(body)) throw new Refusal('body-invalid', 'not an object')
  // A number that is kept as it was written can be read by writing it.
  const depth = isNumber(body.max_depth) ? { max_depth: Number(JSON.stringify(body.max_depth)) + 1 } : {}
  return { ...body, ...depth, [member]: [own, ...labelsOf(body[member] ?? [])] }
}

function labelsOf(value: Json): string[] {
  if (Array.isArray(value) && value.every((label) => typeof label === 'string')) return value
  throw new Refusal('body-invalid', 'namespace')
}

/** @throws Error where an answer holds what is not the owner's */
function withoutOwn(own: string, text: string): string {
  const strip = (labels: Json): Json => {
    if (!Array.isArray(labels) || labels[0] !== own) throw new Error("not the owner's namespace")
    return labels.slice(1)
  }
  const item = (value: Json): Json =>
    isObject(value) && 'namespace' in value ? { ...value, namespace: strip(value.namespace ?? null) } : value
  const answer = parseJson(text)
  if (!isObject(answer)) return text
  if (Array.isArray(answer.items)) return JSON.stringify({ ...answer, items: answer.items.map(item) })
  if (Array.isArray(answer.namespaces)) return JSON.stringify({ ...answer, namespaces: answer.namespaces.map(strip) })
  return JSON.stringify(item(answer))
}
