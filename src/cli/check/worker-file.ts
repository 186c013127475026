import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { REVOCATIONS } from '../../config/env'
import type { Fault } from '../../config/fault'
import { type Deployments, prefixOf } from '../deployments'

const THREE_LINES =
  "import { createWorker } from 'sallyport/worker'; import routes from '../routes'; export default createWorker(routes)"

/**
 * Checks that the Worker file that wrangler deploys uses the list of routes that `sallyport check`
 * checks.
 */
export function workerFileFaults(root: string, { all, file }: Pick<Deployments, 'all' | 'file'>): Fault[] {
  const [top] = all
  const main = top?.config.main
  const at = main === undefined ? undefined : path.relative(root, path.resolve(root, main))
  if (at === undefined || !existsSync(path.join(root, at)))
    return [
      {
        file,
        path: 'main',
        found: at === undefined ? 'nothing' : `"${at}", a file that does not exist`,
        expected: 'the file that makes the Worker, such as "src/index.ts"',
        remedy: `Correct the name, or write the file: ${THREE_LINES}`,
      },
    ]
  const text = withoutComments(readFileSync(path.join(root, at), 'utf8'))
  const routes = /import\s+(\w+)\s+from\s+['"](?:\.{1,2}\/)+routes(?:\/index(?:\.[jt]s)?)?['"]/.exec(text)?.[1]
  const isMade = routes !== undefined && new RegExp(`createWorker\\(\\s*${routes}\\s*\\)`).test(text)
  const unexported = listFaults(text, at, { all, file })
  if (isMade && /export\s+default\b|as default\b/.test(text)) return unexported
  return [
    ...unexported,
    {
      file: at,
      path: 'export default',
      found: isMade ? 'no default export' : 'no createWorker(routes) with the list of routes/index.ts',
      expected: "import routes from '../routes', and export default createWorker(routes)",
      remedy: 'Write the file like this. Otherwise the deployed routes are not the checked routes.',
    },
  ]
}

const CLASS = 'RevocationList'

/**
 * Checks that the Worker exports the Durable Object class that stores revocations, if a deployment
 * binds this class.
 */
function listFaults(text: string, at: string, { all, file }: Pick<Deployments, 'all' | 'file'>): Fault[] {
  const bound = all.flatMap((deployment) =>
    deployment.config.durable_objects.bindings
      .filter(({ name, script_name: script }) => name === REVOCATIONS && script === undefined)
      .map((binding) => ({ deployment, binding })),
  )
  const isExported =
    new RegExp(`export\\s*\\{[^}]*\\b${CLASS}\\b`).test(text) ||
    /export\s*\*\s*from\s*['"]sallyport\/worker['"]/.test(text)
  const faults: Fault[] = bound.flatMap(({ deployment, binding: { class_name: name } }) => {
    const path = `${prefixOf(deployment)}durable_objects.bindings`
    if (name !== CLASS)
      return [
        {
          file,
          path,
          found: `${REVOCATIONS} of the class ${name}`,
          expected: CLASS,
          remedy: `Write class_name = "${CLASS}".`,
        },
      ]
    const { migrations } = deployment.config
    const isSqlite = migrations.some(({ new_sqlite_classes: names = [] }) => names.includes(CLASS))
    const hasExports = Object.hasOwn(deployment.config, 'exports')
    if (isSqlite || hasExports) return []
    const remedy = `Add: [[migrations]] tag = "sallyport-revocations", new_sqlite_classes = ["${CLASS}"]`
    return [
      {
        file,
        path: 'migrations',
        found: `no ${CLASS} among new_sqlite_classes`,
        expected: 'a migration that creates this class',
        remedy,
      },
    ]
  })
  if (bound.length > 0 && !isExported)
    faults.push({
      file: at,
      path: 'export',
      found: `no ${CLASS}`,
      expected: `the class that ${file} binds as ${REVOCATIONS}`,
      remedy: `Add: export { ${CLASS} } from 'sallyport/worker'`,
    })
  return faults
}

export const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
