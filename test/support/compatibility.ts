import { readFile } from 'node:fs/promises'
import path from 'node:path'

const settings = await readFile(path.resolve(import.meta.dirname, '../../wrangler.toml'), 'utf8')

/** As the Worker is deployed: what only a flag makes work may not pass without it. */
export const compatibility = {
  compatibilityDate: found(/^compatibility_date = "(.+)"$/m),
  compatibilityFlags: JSON.parse(found(/^compatibility_flags = (\[.*\])$/m)) as string[],
}

function found(line: RegExp): string {
  const value = line.exec(settings)?.[1]
  if (value === undefined) throw new Error(`wrangler.toml has no line ${line}`)
  return value
}
