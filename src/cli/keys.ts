import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { defaultSigningAlgorithm, isSigningAlgorithm, signingAlgorithmNames } from '../assertion/algorithms'
import { secretsIn } from '../threads/secret'
import { API_KEYS_USAGE, apiKeys } from './api-keys'
import type { Command } from './command'
import { keyFile, rolesOf, STEPS, type Step, THREAD_FILE, writeSecret } from './key-file'
import { say } from './print'

const DEFAULT_FILE = '.secrets/signing-keys.json'
const USAGE = `usage: sallyport keys [${Object.keys(STEPS).join('|')}|list|threads|rotate-threads] [--algorithm ${signingAlgorithmNames.join('|')}] [--file PATH] [--env NAME]
  new      make the first key (default)
  add      make the next key: it is published, and does not sign yet
  promote  sign with the newest key; the old one stays published
  retire   drop the keys that no longer sign
  list     show what the file holds
  threads  make THREAD_SECRET, from which the ids of threads are derived
  rotate-threads  make a new thread secret; sealed ids survive one rotation, not two
  --env    an environment of wrangler's file, which has its own secret files

For API keys of callers:
${API_KEYS_USAGE}`

/** A file with a secret: its name for messages, and its full path. */
interface SecretFile {
  readonly name: string
  readonly path: string
}

/** Returns the secret file of an environment, because each environment has its own secrets. */
const fileFor = (standard: string, env: string | undefined): string =>
  env === undefined ? standard : standard.replace(/[^/]+$/, (name) => `${env}-${name}`)

/** A function that returns the command which uploads a secret to Cloudflare. */
type HandOver = (name: string, file: string) => string
const handOver =
  (env: string | undefined): HandOver =>
  (name, file) =>
    `  npx wrangler secret put ${name}${env === undefined ? '' : ` --env ${env}`} < ${file}`

const NEXT: Record<Step, (put: string) => string> = {
  new: (put) => `Store the secret where you store other secrets, and give it to Cloudflare with\n${put}`,
  add: (put) =>
    `Publish the new key with\n${put}\nand wait until every agent has fetched the keys again (24 hours is enough for .NET) before you run "promote".`,
  promote: (put) => `Start to sign with it:\n${put}\nand wait an hour before you run "retire".`,
  retire: (put) => `Finish with\n${put}`,
}

/**
 * Makes and rotates the gateway's secrets in local files that git ignores, and prints the commands
 * that upload them to Cloudflare.
 */
export const keys: Command = {
  usage: USAGE,
  async run(args, root) {
    if (args[0] === 'api') return apiKeys.run(args.slice(1), root)
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        algorithm: { type: 'string', default: defaultSigningAlgorithm },
        file: { type: 'string' },
        env: { type: 'string' },
      },
    })
    const [step = 'new'] = positionals
    const hand = handOver(values.env)
    const at = (standard: string): SecretFile => {
      const name = values.file ?? fileFor(standard, values.env)
      return { name, path: path.resolve(root, name) }
    }
    if (step === 'threads') makeThreadSecret(at(THREAD_FILE), hand)
    else if (step === 'rotate-threads') rotateThreadSecret(at(THREAD_FILE), hand)
    else await rotate(step, values.algorithm, at(DEFAULT_FILE), hand)
    return 0
  },
}

async function rotate(step: string, algorithm: string, { name, path }: SecretFile, hand: HandOver): Promise<void> {
  if (!(step === 'list' || Object.hasOwn(STEPS, step)) || !isSigningAlgorithm(algorithm)) throw new Error(USAGE)
  const file = keyFile(path)
  if (step !== 'list') file.write(await STEPS[step as Step](file.read(), algorithm))
  for (const { kid, alg, role } of rolesOf(file.read())) say(`${role.padEnd(9)} ${alg}  ${kid}`)
  if (step !== 'list') say(`\nWritten to ${name}. ${NEXT[step as Step](hand('SIGNING_KEYS', name))}`)
}

/**
 * Makes the first thread secret. Never replaces an existing one, because without the old secret,
 * people could no longer reach their conversations.
 */
function makeThreadSecret(file: SecretFile, hand: HandOver): void {
  if (existsSync(file.path))
    throw new Error(`${file.name} already has a thread secret. To rotate it, run "sallyport keys rotate-threads".`)
  writeThreadSecrets(file, [newSecret()], hand)
}

/**
 * Puts a new thread secret at the beginning of the list. Keeps the current secret, so that ids
 * which clients already have stay valid. Also keeps the oldest secret, which is the last in the
 * list, because thread ids are derived from it.
 */
function rotateThreadSecret(file: SecretFile, hand: HandOver): void {
  const [current, ...others] = existsSync(file.path) ? secretsIn(readFileSync(file.path, 'utf8')) : []
  if (current === undefined)
    throw new Error(`${file.name} has no thread secret yet. To make one, run "sallyport keys threads".`)
  writeThreadSecrets(file, [newSecret(), current, ...others.slice(-1)], hand)
}

function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

function writeThreadSecrets(file: SecretFile, secrets: readonly string[], hand: HandOver): void {
  writeSecret(file.path, secrets.map((secret) => `${secret}\n`).join(''))
  say(
    `Written to ${file.name}. Store the secret where you store other secrets, and give it to Cloudflare with\n${hand('THREAD_SECRET', file.name)}`,
  )
}
