import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { REVOCATIONS } from '../../config/env'
import type { Fault } from '../../config/fault'
import type { Deployments } from '../deployments'

const THREE_LINES =
  "import { createWorker } from 'sallyport/worker'; import routes from '../routes'; export default createWorker(routes)"

/** The file that wrangler deploys has to make a Worker of the routes that were checked. */
export function workerFileFaults(root: string, { all: [top], file }: Deployments): Fault[] {
  const main = top?.config.main
  const at = main === undefined ? undefined : path.relative(root, path.resolve(root, main))
  if (at === undefined || !existsSync(path.join(root, at)))
    return [
      {
        file,
        path: 'main',
        found: at === undefined ? 'nothing' : `"${at}", which is not there`,
        expected: 'the file that makes the Worker, such as "src/index.ts"',
        remedy: `Name the file, or write it: ${THREE_LINES}`,
      },
    ]
  const text = withoutComments(readFileSync(path.join(root, at), 'utf8'))
  const routes = /import\s+(\w+)\s+from\s+['"](?:\.{1,2}\/)+routes(?:\/index(?:\.[jt]s)?)?['"]/.exec(text)?.[1]
  const isMade = routes !== undefined && new RegExp(`createWorker\\(\\s*${routes}\\s*\\)`).test(text)
  const isBound = top?.config.durable_objects.bindings.some(({ name }) => name === REVOCATIONS)
  const unexported: Fault[] =
    isBound && !/\bRevocationList\b/.test(text)
      ? [
          {
            file: at,
            path: 'export',
            found: 'no RevocationList',
            expected: `the class that ${file} binds as ${REVOCATIONS}`,
            remedy: "Add: export { RevocationList } from 'sallyport/worker'",
          },
        ]
      : []
  if (isMade && /export\s+default\b|as default\b/.test(text)) return unexported
  return [
    ...unexported,
    {
      file: at,
      path: 'export default',
      found: isMade ? 'no default export' : 'no createWorker(routes) of routes/index.ts',
      expected: "import routes from '../routes', and export default createWorker(routes)",
      remedy: 'Write it so: what is deployed would not be what was checked.',
    },
  ]
}

export const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
