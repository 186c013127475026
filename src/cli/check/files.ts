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
 * Finds routes, issuers and policies whose file is not named after their id. Error messages derive
 * the file's name from the id, so these messages would name the wrong file.
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

/** Tells whether a file with this name exists, with any extension of TypeScript or JavaScript. */
const isThere = (root: string, file: string): boolean =>
  ['.ts', '.tsx', '.mts', '.js', '.mjs', '.json'].some((ending) =>
    existsSync(path.join(root, file.replace(/\.ts$/, ending))),
  )

/**
 * Finds route files that routes/index.ts does not list. Callers of such a route would get 404
 * without an explanation.
 */
export function unlistedRoutes(root: string, routes: readonly Route[]): Fault[] {
  const listed = new Set(routes.map((route) => `${route?.id}.ts`))
  const files = filesIn(root, 'routes')
  const index = files.includes('index.ts') ? readFileSync(path.join(root, ROUTES_FILE), 'utf8') : ''
  // A route whose id is not the name of its file is left out, because `misnamedFiles` reports it.
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

/** Finds the files of policies and issuers that no route uses. */
export function unusedFiles(root: string, routes: readonly Route[]): readonly string[] {
  const used = new Set(routes.flatMap(({ trust = [], policies = [] }) => [...trust, ...policies].map(({ id }) => id)))
  return filesIn(root, 'policies')
    .filter((file) => !used.has(file.replace(ENDING, '')))
    .filter((file) =>
      /\bdefine(?:Policy|Issuer|ApiKeys)\(/.test(readFileSync(path.join(root, 'policies', file), 'utf8')),
    )
    .map((file) => `No route uses policies/${file}.`)
}

/** Finds variables that neither routes nor the Worker's source files mention. */
export function unusedVariables(root: string, routes: readonly Route[], { own, name }: Deployment): readonly string[] {
  const used = new Set([...variablesOf(routes), 'PUBLIC_URL', 'ENVIRONMENT'])
  const text = filesIn(root, 'src')
    .map((file) => readFileSync(path.join(root, 'src', file), 'utf8'))
    .join('\n')
  return Object.keys((own.vars ?? {}) as object)
    .filter((variable) => !used.has(variable) && !text.includes(variable))
    .map((variable) => `${prefixOf({ name })}vars.${variable}: nothing reads this variable.`)
}

const ENDING = /\.(?:tsx?|mts|jsx?|mjs)$/

/** Returns the paths of all source files in a folder and its subfolders, with slashes. */
const filesIn = (root: string, folder: string): string[] =>
  existsSync(path.join(root, folder))
    ? readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .map((file) => file.split(path.sep).join('/'))
        .filter((file) => ENDING.test(file) && !/\.test\.\w+$|\.d\.ts$/.test(file))
    : []
