import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import * as v from 'valibot'
import { nearest } from '../check/suggestions'
import { ProjectError } from '../project'

/** A small file of a project that is used on this machine only. */
export interface JsonFile<Content> {
  readonly name: string
  readonly schema: v.GenericSchema<unknown, Content>
  /** The keys that the file may have. */
  readonly keys: readonly string[]
  /** An example of valid content. */
  readonly example: string
}

/**
 * Reads a small JSON file of a project.
 * @returns undefined if the file does not exist
 * @throws ProjectError if its content is invalid
 */
export function readJsonFile<Content>(
  root: string,
  { name, schema, keys, example }: JsonFile<Content>,
): Content | undefined {
  const file = path.join(root, name)
  if (!existsSync(file)) return undefined
  const fault = (at: string, found: string, expected: string): ProjectError =>
    new ProjectError(
      `  ${name}  ${at}\n    found     ${found}\n    expected  ${expected}\n    remedy    Write: ${example}`,
    )
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (thrown) {
    throw fault('(whole file)', 'no JSON', (thrown as Error).message)
  }
  const { success, output, issues } = v.safeParse(schema, content)
  if (success) return output
  const [issue] = issues
  const at = v.getDotPath(issue) ?? '(whole file)'
  if (issue.type !== 'strict_object' || issue.expected !== 'never') throw fault(at, issue.received, issue.message)
  const meant = nearest(at.split('.').at(-1) ?? '', keys)
  const hint = meant === undefined ? '' : `. Did you mean "${meant}"?`
  throw fault(at, 'an unknown key', `one of ${keys.join(', ')}${hint}`)
}
