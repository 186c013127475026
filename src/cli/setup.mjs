// Runs before every npm script, on whatever Node the machine has, and makes sure that the locked packages are there.
// Among them is a current Node, which npm scripts then find first: that is why this file alone must run on old ones.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED = [22, 18]
const quiet = process.argv.includes('--quiet')
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const stamp = path.join(root, 'node_modules', '.sallyport-installed')
const wanted = createHash('sha256')
  .update(readFileSync(path.join(root, 'package-lock.json')))
  .digest('hex')

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  process.stderr.write('Installing the packages of package-lock.json (first time, or it changed) ...\n')
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', quiet ? 2 : 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (done.status !== 0) {
    process.stderr.write('npm ci failed; its messages are above. Is the npm registry within reach?\n')
    process.exit(1)
  }
  writeFileSync(stamp, wanted)
}

// As npm scripts will look for it.
const PATH = [path.join(root, 'node_modules', '.bin'), process.env.PATH].join(path.delimiter)
const probe = spawnSync('node', ['--version'], {
  encoding: 'utf8',
  env: { ...process.env, PATH },
  shell: process.platform === 'win32',
})
const [major = 0, minor = 0] = (probe.stdout || '').replace('v', '').split('.').map(Number)
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  process.stderr.write(
    `Sallyport's tools need Node ${NEEDED.join('.')} or later, and found ${(probe.stdout || 'none').trim()}. On Linux and Windows npm brings one; ` +
      'here, install a current Node from nodejs.org and run the same command again.\n',
  )
  process.exit(1)
}
