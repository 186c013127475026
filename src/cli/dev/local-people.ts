import * as v from 'valibot'
import { aliceAndBob, type Person } from './identity-provider/people.ts'
import { type JsonFile, readJsonFile } from './json-file'

/**
 * The file that lists the test users who can sign in on this machine. Without this file, the test
 * users are alice and bob.
 */
export const PEOPLE_FILE = 'people.json'

const texts = v.optional(v.array(v.string()))
const people: JsonFile<readonly Person[]> = {
  name: PEOPLE_FILE,
  schema: v.pipe(
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
  ) as v.GenericSchema<unknown, readonly Person[]>,
  keys: ['sub', 'name', 'email', 'roles', 'tenant', 'scopes', 'claims'],
  example: '[{ "sub": "alice", "roles": ["admin"] }]',
}

/**
 * Reads the people of a project who can sign in on this machine.
 * @throws ProjectError if the file is not a list of people
 */
export const readPeople = (root: string): readonly Person[] => readJsonFile(root, people) ?? aliceAndBob
