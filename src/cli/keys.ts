// npm run keys [-- new|add|promote|retire|list|threads] [--algorithm NAME] [--file PATH]
// Makes and rotates the gateway's secrets in local files that git ignores, and says how to hand them to Cloudflare.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { defaultSigningAlgorithm, isSigningAlgorithm, signingAlgorithmNames } from '../assertion/algorithms'
import { keyFile, rolesOf, STEPS, type Step, THREAD_FILE, writeSecret } from './key-file'

const DEFAULT_FILE = '.secrets/signing-keys.json'
const USAGE = `usage: npm run keys -- [${Object.keys(STEPS).join('|')}|list|threads] [--algorithm ${signingAlgorithmNames.join('|')}] [--file PATH]
  new      make the first key (default)
  add      make the next key: it is published, and does not sign yet
  promote  let the newest key sign; the old one stays published
  retire   drop the keys that no longer sign
  list     show what the file holds
  threads  make THREAD_SECRET, which says whose conversations are whose, once and for all`

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
  const { algorithm } = values
  if (!(step === 'list' || step in STEPS) || !isSigningAlgorithm(algorithm)) throw new Error(USAGE)
  const name = values.file ?? DEFAULT_FILE
  const file = keyFile(name)
  if (step !== 'list') file.write(await STEPS[step as Step](file.read(), algorithm))
  for (const { kid, alg, role } of rolesOf(file.read())) console.log(`${role.padEnd(9)} ${alg}  ${kid}`)
  if (step !== 'list') console.log(`\nWritten to ${name}. ${NEXT[step as Step](name)}`)
}

/** Another secret would part everybody from their conversations, so one that is there stays. */
function makeThreadSecret(file: string): void {
  if (existsSync(file))
    throw new Error(`There is a thread secret in ${file} already; a new one would lose all threads.`)
  writeSecret(file, `${randomBytes(32).toString('base64url')}\n`)
  console.log(
    `Written to ${file}. Keep it as you keep other secrets, and hand it over with\n  npx wrangler secret put THREAD_SECRET < ${file}`,
  )
}
