import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import * as v from 'valibot'
import { ProjectError } from '../project'
import { aliceAndBob, type Person } from './identity-provider/people.ts'

/** Where a project says who can sign in on this machine. Without it: alice and bob. */
export const PEOPLE_FILE = 'people.json'

const texts = v.optional(v.array(v.string()))
const PeopleSchema = v.pipe(
  v.array(
    v.strictObject({
      sub: v.pipe(v.string(), v.regex(/^[\w.@-]{1,64}$/, 'letters, digits and . _ @ -')),
      name: v.optional(v.string()),
      email: v.optional(v.string()),
      roles: texts,
      tenant: v.optional(v.string()),
      scopes: texts,
      claims: v.optional(v.record(v.string(), v.unknown())),
    }),
  ),
  v.minLength(1, 'at least one person'),
)

/**
 * Reads the people of a project.
 * @throws ProjectError where the file is no list of people
 */
export function readPeople(root: string): readonly Person[] {
  const file = path.join(root, PEOPLE_FILE)
  if (!existsSync(file)) return aliceAndBob
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (thrown) {
    throw fault('(whole file)', 'no JSON', (thrown as Error).message)
  }
  const { success, output, issues } = v.safeParse(PeopleSchema, content)
  if (success) return output as readonly Person[]
  const [issue] = issues
  throw fault(v.getDotPath(issue) ?? '(whole file)', issue.received, issue.message)
}

const fault = (at: string, found: string, expected: string): ProjectError =>
  new ProjectError(
    `  ${PEOPLE_FILE}  ${at}\n    found     ${found}\n    expected  ${expected}\n    remedy    Write: [{ "sub": "alice", "roles": ["admin"] }]`,
  )
