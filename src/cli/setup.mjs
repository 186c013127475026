// Runs before every npm script of this repository, on any version of Node. It installs the packages
// of the lockfile if needed, and also a current Node, which npm scripts then use. So only this file
// must run on old versions.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED = [22, 18]
const quiet = process.argv.includes('--quiet')
const isWindows = process.platform === 'win32'
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const nodeFolder = path.join(root, 'package/node')
const bin = path.join(root, 'node_modules', '.bin')

install(root)
install(nodeFolder)
// Installs packages of the examples. The repository's own lockfile does not contain them.
for (const folder of process.argv.slice(2).filter((argument) => !argument.startsWith('-')))
  install(path.join(root, folder), ['--ignore-scripts'])
linkNode()

// The PATH that npm scripts will use.
const PATH = [bin, process.env.PATH].join(path.delimiter)
const probe = spawnSync('node', ['--version'], {
  encoding: 'utf8',
  env: { ...process.env, PATH },
  shell: isWindows,
})
const [major = 0, minor = 0] = (probe.stdout || '').replace('v', '').split('.').map(Number)
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(
    `Sallyport's tools need Node ${NEEDED.join('.')} or later, and found ${(probe.stdout || 'none').trim()}. On Linux and Windows npm brings one; ` +
      'here, install a current Node from nodejs.org and run the same command again.\n',
  )
  process.exit(1)
}

/** Installs the packages of a lockfile, if they are not installed yet. */
function install(folder, more = []) {
  const stamp = path.join(folder, 'node_modules', '.sallyport-installed')
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(folder, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  process.stderr.write(
    `Installing the packages of ${path.relative('', folder) || 'package-lock.json'} (first time, or they changed) ...\n`,
  )
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...more], {
    cwd: folder,
    stdio: ['ignore', quiet ? 2 : 'inherit', 'inherit'],
    shell: isWindows,
  })
  if (done.status !== 0) {
    process.stderr.write('npm ci failed; its messages are above. Is the npm registry within reach?\n')
    process.exit(1)
  }
  writeFileSync(stamp, wanted)
}

/** Links the Node that npm has installed into node_modules/.bin, so that npm scripts use it. */
function linkNode() {
  const name = isWindows ? 'node.cmd' : 'node'
  const link = path.join(bin, name)
  const [brought] = existsSync(path.join(nodeFolder, 'node_modules'))
    ? readdirSync(path.join(nodeFolder, 'node_modules')).filter((folder) => folder.startsWith('node-'))
    : []
  if (brought === undefined || existsSync(link)) return
  const program = path.join(nodeFolder, 'node_modules', brought, 'bin', isWindows ? 'node.exe' : 'node')
  rmSync(link, { force: true })
  if (isWindows) writeFileSync(link, `@"${program}" %*\r\n`)
  else symlinkSync(program, link)
}
