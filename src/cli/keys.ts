// npm run keys [-- new|add|promote|retire|list|threads|rotate-threads] [--algorithm NAME] [--file PATH]
// Makes and rotates the gateway's secrets in local files that git ignores, and says how to hand them to Cloudflare.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { defaultSigningAlgorithm, isSigningAlgorithm, signingAlgorithmNames } from '../assertion/algorithms'
import { secretsIn } from '../threads/secret'
import { keyFile, rolesOf, STEPS, type Step, THREAD_FILE, writeSecret } from './key-file'

const DEFAULT_FILE = '.secrets/signing-keys.json'
const USAGE = `usage: npm run keys -- [${Object.keys(STEPS).join('|')}|list|threads|rotate-threads] [--algorithm ${signingAlgorithmNames.join('|')}] [--file PATH]
  new      make the first key (default)
  add      make the next key: it is published, and does not sign yet
  promote  let the newest key sign; the old one stays published
  retire   drop the keys that no longer sign
  list     show what the file holds
  threads  make THREAD_SECRET, of which ids are made that belong to one person
  rotate-threads  put a new secret before it; what was sealed before the last rotation but one is not known any more`

const put = (file: string) => `  npx wrangler secret put SIGNING_KEYS < ${file}`
const NEXT: Record<Step, (file: string) => string> = {
  new: (file) => `Keep it as you keep other secrets, and hand it over with\n${put(file)}`,
  add: (file) =>
    `Publish it with\n${put(file)}\nand wait until every verifier has fetched keys anew (24 hours covers .NET) before "promote".`,
  promote: (file) => `Let it sign with\n${put(file)}\nand wait an hour before "retire".`,
  retire: (file) => `Finish with\n${put(file)}`,
}

try {
  await run()
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown)
  process.exitCode = 1
}

async function run(): Promise<void> {
  const { positionals, values } = parseArgs({
    args: process.argv.slice(3),
    allowPositionals: true,
    options: {
      algorithm: { type: 'string', default: defaultSigningAlgorithm },
      file: { type: 'string' },
    },
  })
  const [step = 'new'] = positionals
  if (step === 'threads') return makeThreadSecret(values.file ?? THREAD_FILE)
  if (step === 'rotate-threads') return rotateThreadSecret(values.file ?? THREAD_FILE)
  const { algorithm } = values
  if (!(step === 'list' || step in STEPS) || !isSigningAlgorithm(algorithm)) throw new Error(USAGE)
  const name = values.file ?? DEFAULT_FILE
  const file = keyFile(name)
  if (step !== 'list') file.write(await STEPS[step as Step](file.read(), algorithm))
  for (const { kid, alg, role } of rolesOf(file.read())) console.log(`${role.padEnd(9)} ${alg}  ${kid}`)
  if (step !== 'list') console.log(`\nWritten to ${name}. ${NEXT[step as Step](name)}`)
}

/** The first thread secret. It stays where it is: without it everybody would be parted from their conversations. */
function makeThreadSecret(file: string): void {
  if (existsSync(file)) throw new Error(`There is a thread secret in ${file} already; use "rotate-threads".`)
  writeThreadSecrets(file, [newSecret()])
}

/** A new secret before the one that sealed until now and the first one of all, of which ids are derived. */
function rotateThreadSecret(file: string): void {
  const [current, ...others] = existsSync(file) ? secretsIn(readFileSync(file, 'utf8')) : []
  if (current === undefined) throw new Error(`There is no thread secret in ${file} yet; use "threads".`)
  writeThreadSecrets(file, [newSecret(), current, ...others.slice(-1)])
}

function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

function writeThreadSecrets(file: string, secrets: readonly string[]): void {
  writeSecret(file, secrets.map((secret) => `${secret}\n`).join(''))
  console.log(
    `Written to ${file}. Keep it as you keep other secrets, and hand it over with\n  npx wrangler secret put THREAD_SECRET < ${file}`,
  )
}
