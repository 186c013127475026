import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { idOfKey, keyOfSecret } from '../authentication/api-key/form'
import { type ApiKeyRecord, readRecord } from '../authentication/api-key/record'
import { isApiKeys } from '../config/trust'
import { DAY_SECONDS, daysOf, endOf, endText, recordOf } from './api-key-record'
import type { Command } from './command'
import { type KvNamespace, openKv } from './kv'
import { say } from './print'
import { openProject, ProjectError } from './project'

export const API_KEYS_USAGE = `usage: sallyport keys api create --label TEXT --subject ID [--service] [--role NAME]… [--scope NAME]… [--tenant ID]
                                 [--email TEXT] [--name TEXT] [--expires 90d|DATE|never] [--route ID]… [--operation PATTERN]…
       sallyport keys api list
       sallyport keys api revoke ID
       sallyport keys api rotate ID [--overlap 1d|0d] [--expires 90d|DATE|never]
  create     makes a key and prints it once; --service for a machine; --route and --operation limit it
  list       shows all keys, without the keys themselves
  revoke     removes a key; locations that have just used it may accept it for two more minutes
  rotate     makes another key for the same subject, and ends the old one after --overlap
  --keys     the id in policies/; needed if routes trust several sets of API keys
  --remote   the deployed namespace; without it, this machine's
  --env      an environment of wrangler's file`

const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const
const options = {
  label: text,
  subject: text,
  service: { type: 'boolean', default: false },
  role: texts,
  scope: texts,
  tenant: text,
  email: text,
  name: text,
  expires: text,
  route: texts,
  operation: texts,
  overlap: text,
  keys: text,
  remote: { type: 'boolean', default: false },
  env: text,
} as const

const parse = (args: readonly string[]) => parseArgs({ args: [...args], allowPositionals: true, options })
type Values = ReturnType<typeof parse>['values']

/**
 * Makes, lists, ends and replaces API keys in a KV namespace, on this machine or in a deployment.
 */
export const apiKeys: Command = {
  usage: API_KEYS_USAGE,
  async run(args, root) {
    const { positionals, values } = parse(args)
    const [verb = '', id] = positionals
    const wantsId = verb === 'revoke' || verb === 'rotate'
    if (
      !['create', 'list', 'revoke', 'rotate'].includes(verb) ||
      wantsId !== (id !== undefined) ||
      positionals.length > 2
    )
      throw new Error(API_KEYS_USAGE)
    refuseStrayOptions(verb, values)
    const { kv, routes } = await open(root, values)
    if (verb === 'list') await list(kv)
    else if (verb === 'create') await create(kv, recordOf(values, routes))
    else {
      const name = await nameOf(kv, id ?? '')
      if (verb === 'rotate') await rotate(kv, name, values)
      else await kv.delete(name)
      if (verb === 'revoke')
        say(
          `Key ${idOfKey(name)} is revoked. Cloudflare locations that have just used the key may accept it for two more minutes.`,
        )
    }
    return 0
  },
}

const PLACE = ['keys', 'remote', 'env']
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  create: Object.keys(options).filter((name) => name !== 'overlap'),
  list: PLACE,
  revoke: PLACE,
  rotate: [...PLACE, 'overlap', 'expires'],
}

/**
 * Refuses an option that only other `keys api` commands have, because the user probably made a
 * mistake.
 */
function refuseStrayOptions(verb: string, values: Values): void {
  const stray = Object.entries(values).find(([name, value]) => value !== false && !OPTIONS[verb]?.includes(name))
  if (stray) throw new ProjectError(`--${stray[0]} is not an option of "keys api ${verb}".`)
  const { overlap } = values
  if (overlap !== undefined && daysOf(overlap) === undefined)
    throw new ProjectError(`--overlap ${overlap}: write a number of days such as 7d. With 0d the old key ends now.`)
}

async function open(root: string, { keys, remote, env }: Values) {
  const { deployments, routes } = await openProject(root)
  deployments.named(env)
  const all = routes.flatMap(({ trust = [] }) => trust.filter(isApiKeys))
  const byId = new Map(all.map((each) => [each.id, each]))
  const ids = [...byId.keys()].join(', ')
  if (byId.size === 0)
    throw new ProjectError(
      'No route trusts API keys. Write policies/keys.ts with defineApiKeys, and add these keys to `trust` of a route.',
    )
  if (keys === undefined && byId.size > 1)
    throw new ProjectError(`There are several sets of API keys. Choose one with --keys: ${ids}.`)
  const chosen = keys === undefined ? all[0] : byId.get(keys)
  if (!chosen) throw new ProjectError(`No route trusts a set of API keys "${keys}". The existing sets are: ${ids}.`)
  const trusting = routes.filter(({ trust = [] }) => trust.some(({ id }) => id === chosen.id))
  return { kv: openKv(root, { binding: chosen.binding, env, isRemote: remote }), routes: trusting.map(({ id }) => id) }
}

async function create(kv: KvNamespace, record: ApiKeyRecord): Promise<void> {
  const { key, name } = await keyOfSecret(randomBytes(32).toString('hex'))
  await write(kv, name, record)
  say(
    `${key}\n\nThis is key ${idOfKey(name)}, "${record.label}", of ${record.subject}; it ${endText(record)}. The key is not shown again.`,
  )
}

const write = (kv: KvNamespace, name: string, record: ApiKeyRecord): Promise<void> =>
  kv.put(name, JSON.stringify(record), metadataOf(record))

/**
 * Returns the part of an API key's record that `keys api list` shows. KV stores this metadata
 * beside the value, in at most 1,024 bytes.
 */
const metadataOf = ({ label, subject, expiresAt }: ApiKeyRecord) => ({
  label: label.slice(0, 100),
  subject: subject.slice(0, 100),
  ...(expiresAt !== undefined && { expiresAt }),
})

/**
 * Replaces an API key by a new one. Unless `expires` is given, the new key gets the lifetime that
 * the old one had.
 */
async function rotate(kv: KvNamespace, name: string, { expires, overlap = '1d' }: Values): Promise<void> {
  const days = daysOf(overlap) ?? 1
  const { expiresAt, ...old } = readOrRefuse(name, await kv.get(name))
  const now = Math.floor(Date.now() / 1000)
  const life = expiresAt === undefined ? undefined : expiresAt - Math.floor(Date.parse(old.createdAt) / 1000)
  const end = expires === undefined ? life && now + life : endOf(expires)
  await create(kv, { ...old, createdAt: new Date().toISOString(), ...(end !== undefined && { expiresAt: end }) })
  const ending = { ...old, expiresAt: Math.min(now + days * DAY_SECONDS, expiresAt ?? Number.POSITIVE_INFINITY) }
  await write(kv, name, ending)
  say(`The old key ${idOfKey(name)} ${endText(ending)}.`)
}

function readOrRefuse(name: string, json: string): ApiKeyRecord {
  const record = readRecord(json)
  if (!record)
    throw new ProjectError(`The record of key ${idOfKey(name)} cannot be read. Revoke the key, and make another.`)
  return record
}

async function list(kv: KvNamespace): Promise<void> {
  const keys = await kv.list()
  if (keys.length === 0) say('There are no keys.')
  for (const { name, metadata } of keys) {
    const { label = '', subject = '', expiresAt } = (metadata ?? {}) as Partial<ApiKeyRecord>
    say(`${idOfKey(name)}  ${subject.padEnd(20)}  ${label.padEnd(24)}  ${endText({ expiresAt })}`)
  }
}

/**
 * Returns the full name in KV of the API key whose name begins with `id`.
 * @throws ProjectError unless exactly one key has such a name
 */
async function nameOf(kv: KvNamespace, id: string): Promise<string> {
  const found = (await kv.list()).filter(({ name }) => id.length >= 8 && name.startsWith(id))
  if (found.length === 1 && found[0]) return found[0].name
  throw new ProjectError(`There is no key ${id.slice(0, 16)}. \`sallyport keys api list\` shows all.`)
}
