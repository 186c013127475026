import { execFileSync } from 'node:child_process'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/*
 * Gathers the pages of the site: the documents of the repository, and a page of all members of a
 * route, made from the schema that the gateway itself checks with.
 */

const root = path.resolve(import.meta.dirname, '..')
const schema = JSON.parse(
  execFileSync(process.execPath, ['src/cli/run.mjs', 'schema'], { cwd: root, encoding: 'utf8' }),
)

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** The values that a member takes, in words. */
function valuesOf({ const: constant, enum: values, type, anyOf = [], oneOf = [], items, minimum, maximum, pattern }) {
  if (constant !== undefined) return JSON.stringify(constant)
  if (values) return values.map((value) => JSON.stringify(value)).join(', ')
  const parts = [...anyOf, ...oneOf]
  if (parts.length > 0) return [...new Set(parts.map(valuesOf).filter(Boolean))].join(', or ')
  if (type === 'array') return `list of ${valuesOf(items ?? {}) || 'values'}`
  const range = minimum === undefined ? '' : ` from ${minimum}${maximum === undefined ? '' : ` to ${maximum}`}`
  return `${type ?? 'any value'}${range}${pattern === undefined ? '' : ` of the form ${pattern}`}`
}

/** Lists members at any depth, each once. */
function membersOf({ properties = {}, required = [], items, anyOf = [], oneOf = [] }, at = '') {
  const parts = [...(items ? [items] : []), ...anyOf, ...oneOf].flatMap((part) => membersOf(part, at))
  const own = Object.entries(properties).flatMap(([name, member]) => {
    const where = at === '' ? name : `${at}.${name}`
    return [{ where, needed: required.includes(name), values: valuesOf(member) }, ...membersOf(member, where)]
  })
  return [...own, ...parts]
}

const rows = new Map()
for (const { where, needed, values } of membersOf(schema)) {
  const known = rows.get(where)
  rows.set(where, { needed: needed || (known?.needed ?? false), values: new Set([...(known?.values ?? []), values]) })
}
const table = [...rows].map(
  ([where, { needed, values }]) => `| \`${where}\` | ${needed ? 'yes' : ''} | \`${cell([...values].join(', or '))}\` |`,
)
const pages = path.join(import.meta.dirname, 'pages')
rmSync(pages, { recursive: true, force: true })
const isPage = (source) =>
  !/node_modules|\.venv/.test(source) && (/\.(?:md|png|svg)$/.test(source) || !/\.\w+$/.test(source))
for (const from of ['docs', 'examples', 'routes', 'policies', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'])
  cpSync(path.join(root, from), path.join(pages, from), { recursive: true, filter: isPage })
cpSync(path.join(root, 'src/ARCHITECTURE.md'), path.join(pages, 'src/ARCHITECTURE.md'))
cpSync(path.join(root, 'README.md'), path.join(pages, 'index.md'))
writeFileSync(
  path.join(pages, 'docs/route-members.md'),
  `# Every member of a route

This page is made from the schema that the gateway checks routes with. [The configuration
reference](configuration.md) says what each member does.

| member | required | values |
|---|---|---|
${table.join('\n')}
`,
)
