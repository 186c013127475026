import { identifier } from '../identifier'

/**
 * Adds a route to the list of routes/index.ts.
 * @returns the new text; undefined if this function does not understand the form of the file
 */
export function withListedRoute(text: string, id: string): string | undefined {
  const name = identifier(id)
  const list = /^export default \[([^\]]*)\]/m.exec(text)
  if (!list || new RegExp(`\\b${name}\\b`).test(text)) return undefined
  const listed = (list[1] ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  if (!listed.every((each) => /^[\w$]+$/.test(each))) return undefined
  const lines = text.split('\n')
  const lastImport = lines.findLastIndex((line) => line.startsWith('import '))
  lines.splice(lastImport + 1, 0, `import ${name} from './${id}'`, ...(lastImport < 0 ? [''] : []))
  return lines.join('\n').replace(/^export default \[[^\]]*\]/m, `export default [${[...listed, name].join(', ')}]`)
}

/**
 * Adds a variable to a table of wrangler.toml, after the last line of the table.
 * @param table the name of the table, such as `vars` or `env.staging.vars`
 * @returns the new text; undefined if there is no such table
 */
export function withTomlVariable(text: string, table: string, name: string, value: string): string | undefined {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.trim() === `[${table}]`)
  if (start < 0) return undefined
  let last = start
  for (let at = start + 1; at < lines.length && !/^\s*\[/.test(lines[at] ?? ''); at++)
    if (/^\s*[\w"'-]+\s*=/.test(lines[at] ?? '')) last = at
  lines.splice(last + 1, 0, `${name} = ${JSON.stringify(value)}`)
  return lines.join('\n')
}

/** Adds a line to .dev.vars, which may not exist yet. */
export const withDevVariable = (text: string, name: string, value: string): string =>
  `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${name}=${JSON.stringify(value)}\n`

/** Returns the lines that were removed and added between two texts, for a person to read. */
export function lineDiff(before: string, after: string): string {
  const [old, fresh] = [before.split('\n'), after.split('\n')]
  const removed = old.filter((line) => line !== '' && !fresh.includes(line)).map((line) => `- ${line}`)
  const added = fresh.filter((line) => line !== '' && !old.includes(line)).map((line) => `+ ${line}`)
  return [...removed, ...added].join('\n')
}
