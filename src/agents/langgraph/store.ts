import { Refusal } from '../../errors/refusal'
import { isNumber, isObject, type Json, parseJson } from '../../json'
import type { Rule } from '../thread-isolation'

/** For each path of the store: the member of the body that holds the namespace. */
const MEMBER: Readonly<Record<string, string>> = {
  '/store/items': 'namespace',
  '/store/items/search': 'namespace_prefix',
  '/store/namespaces': 'prefix',
}

/**
 * Gives each owner their own part of the store. A label for the owner is put before each namespace
 * in a request, and removed from each namespace in the answer. A graph that uses the store itself
 * does not add this label.
 */
export const store: Rule = (call, { owner }) => {
  const own = `u_${owner}`
  const { query, body, endpoint } = call
  const named =
    body === undefined ? { query: queryIn(own, query) } : { body: bodyIn(own, body, MEMBER[endpoint.path] ?? '') }
  return { call: { ...call, ...named }, change: { answer: (text) => withoutOwn(own, text) } }
}

/**
 * Puts the owner's label before the namespace in a query: `GET /store/items?namespace=a.b`. Dots
 * separate labels, and LangGraph allows no dot in a label.
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
  // The number may be an object with the original text (`JSON.rawJSON`). `JSON.stringify` returns
  // its digits.
  const depth = isNumber(body.max_depth) ? { max_depth: Number(JSON.stringify(body.max_depth)) + 1 } : {}
  return { ...body, ...depth, [member]: [own, ...labelsOf(body[member] ?? [])] }
}

function labelsOf(value: Json): string[] {
  if (Array.isArray(value) && value.every((label) => typeof label === 'string')) return value
  throw new Refusal('body-invalid', 'namespace')
}

/**
 * Removes the owner's label from each namespace in an answer.
 * @throws Error if an answer contains a namespace that is not the owner's
 */
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
