import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Route } from '../../config/define'
import type { Fault } from '../../config/fault'
import { type Deployment, prefixOf } from '../deployments'
import { identifier } from '../identifier'
import { ROUTES_FILE } from '../project'
import { variablesOf } from './placeholders'
import { withoutComments } from './worker-file'

/**
 * Finds files whose name is not their id. Messages name files by ids, and would send the reader to
 * the wrong place.
 */
export function misnamedFiles(root: string, routes: readonly Route[]): Fault[] {
  return routes.flatMap((route) => {
    const parts = [...(route.trust ?? []), ...(route.policies ?? [])].map(({ id }) => `policies/${id}.ts`)
    return [`routes/${route.id}.ts`, ...parts]
      .filter((file) => !isThere(root, file))
      .map((file) => ({
        file,
        path: '(file name)',
        found: 'no such file',
        expected: 'a file with the name of the id that it defines',
        remedy: 'Rename the file or the id.',
      }))
  })
}

/** Whether a file of this name exists, with any ending of TypeScript or JavaScript. */
const isThere = (root: string, file: string): boolean =>
  ['.ts', '.tsx', '.mts', '.js', '.mjs', '.json'].some((ending) =>
    existsSync(path.join(root, file.replace(/\.ts$/, ending))),
  )

/** Finds routes that have a file and are not listed: callers get 404, and nothing says why. */
export function unlistedRoutes(root: string, routes: readonly Route[]): Fault[] {
  const listed = new Set(routes.map((route) => `${route?.id}.ts`))
  const files = filesIn(root, 'routes')
  const index = files.includes('index.ts') ? readFileSync(path.join(root, ROUTES_FILE), 'utf8') : ''
  // If the list names a file by another id, that is a fault of its own.
  const isMisnamed =
    listed.size < routes.length ||
    [...listed].some((file) => !files.some((each) => path.basename(each).replace(ENDING, '.ts') === file))
  const isImported = (file: string): boolean => index.includes(`./${file.replace(ENDING, '')}'`)
  return files
    .filter(
      (file) =>
        file !== 'index.ts' &&
        !listed.has(`${path.basename(file).replace(ENDING, '')}.ts`) &&
        !(isMisnamed && isImported(file)),
    )
    .filter((file) =>
      /export default (?:\w+|defineRoute\()/.test(
        withoutComments(readFileSync(path.join(root, 'routes', file), 'utf8')),
      ),
    )
    .filter((file) => /\bdefineRoute\b/.test(readFileSync(path.join(root, 'routes', file), 'utf8')))
    .map((file) => {
      const name = file.replace(ENDING, '')
      const variable = identifier(path.basename(name))
      return {
        file: `routes/${file}`,
        path: '(whole file)',
        found: 'a route that routes/index.ts does not list',
        expected: 'a line in the list',
        remedy: `Add: import ${variable} from './${name}', and ${variable} to the list.`,
      }
    })
}

/** Finds policies and issuers that no route names. */
export function unusedFiles(root: string, routes: readonly Route[]): readonly string[] {
  const used = new Set(routes.flatMap(({ trust = [], policies = [] }) => [...trust, ...policies].map(({ id }) => id)))
  return filesIn(root, 'policies')
    .filter((file) => !used.has(file.replace(ENDING, '')))
    .filter((file) =>
      /\bdefine(?:Policy|Issuer|ApiKeys)\(/.test(readFileSync(path.join(root, 'policies', file), 'utf8')),
    )
    .map((file) => `No route uses policies/${file}.`)
}

/** Finds variables that neither a route nor the Worker's own files name. */
export function unusedVariables(root: string, routes: readonly Route[], { own, name }: Deployment): readonly string[] {
  const used = new Set([...variablesOf(routes), 'PUBLIC_URL', 'ENVIRONMENT'])
  const text = filesIn(root, 'src')
    .map((file) => readFileSync(path.join(root, 'src', file), 'utf8'))
    .join('\n')
  return Object.keys((own.vars ?? {}) as object)
    .filter((variable) => !used.has(variable) && !text.includes(variable))
    .map((variable) => `${prefixOf({ name })}vars.${variable} is read by nothing.`)
}

const ENDING = /\.(?:tsx?|mts|jsx?|mjs)$/

/** Returns the names of source files in a folder and below it, with slashes. */
const filesIn = (root: string, folder: string): string[] =>
  existsSync(path.join(root, folder))
    ? readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .map((file) => file.split(path.sep).join('/'))
        .filter((file) => ENDING.test(file) && !/\.test\.\w+$|\.d\.ts$/.test(file))
    : []
