import * as v from 'valibot'

/** Small schemas that the schemas of issuers, policies and routes share. */

export const id = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens, beginning with a letter'),
)
export const text = v.pipe(v.string(), v.nonEmpty('a text that is not empty'))
export const variableName = v.pipe(
  v.string(),
  v.regex(/^[A-Z][A-Z0-9_]*$/, 'the name of a variable, such as AGENT_URL'),
)
export const headerName = v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, 'a header name in lower case'))
export const some = <T extends v.GenericSchema>(item: T) =>
  v.pipe(v.array(item), v.nonEmpty('at least one entry')) as v.GenericSchema<
    readonly v.InferInput<T>[],
    readonly v.InferOutput<T>[]
  >
export const seconds = (from: number, to: number) =>
  v.pipe(
    v.number(),
    v.integer('whole seconds'),
    v.minValue(from, `at least ${from} seconds`),
    v.maxValue(to, `at most ${to} seconds`),
  )
export const fromEnvironment = v.strictObject({ env: variableName })
/** A URL, or the variable with the URL if staging and production have different URLs. */
export const address = v.union([text, fromEnvironment], 'a URL or { env: NAME }')
