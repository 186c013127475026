import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { isApiKeys, issuersIn, ownIssuerOf } from '../config/trust'
import { idsOf } from '../threads/ids'
import { ownerName } from '../threads/owner'
import { importThreadKeys, threadSecretFault } from '../threads/secret'
import type { Command } from './command'
import { THREAD_FILE } from './key-file'
import { openProject, ProjectError } from './project'

const USAGE = `usage: sallyport threads --issuer ISS (--subject SUB | --tenant TENANT) [--route ID --thread THREAD] [--file PATH]
  --issuer   the exact iss of the owner's tokens
  --subject  the user id with the issuer's subjectPrefix; --tenant if threads belong to tenants
             prints the owner: the value of sallyport_owner in the metadata of a LangGraph thread
  --thread   an id as callers see it; prints the id that the agent of --route sees (AG-UI kinds and copilotkit)
  --file     the file of the thread secret (default ${THREAD_FILE}), unless THREAD_SECRET is set`

/**
 * Prints the gateway's name for the owner of a thread (a person or a tenant), and the id that the
 * agent has for the thread. Both are needed to import existing threads.
 */
export const threads: Command = {
  usage: USAGE,
  async run(args, root) {
    console.log(await answer([...args], root))
    return 0
  },
}

async function answer(args: string[], root: string): Promise<string> {
  const text = { type: 'string' } as const
  const options = { issuer: text, subject: text, tenant: text, route: text, thread: text, file: text }
  const { issuer, subject, tenant, route, thread, file } = parseArgs({ args, options }).values
  const id = subject ?? tenant
  if (!issuer || !id || (subject && tenant) || !route !== !thread) throw new Error(USAGE)
  await refuseUnknown(root, issuer, route)
  const owner = await ownerName(subject ? 'own' : 'tenant', issuer, id)
  if (!route || !thread) return owner
  return idsOf(await importThreadKeys(secretIn(path.resolve(root, file ?? THREAD_FILE))), route, owner).derive(
    'thread',
    thread,
  )
}

/** Kinds of agents for which the gateway replaces the caller's thread ids with its own. */
const DERIVED = new Set(['ag2', 'maf', 'ag-ui', 'copilotkit'])

/**
 * Refuses an issuer that no route trusts, and a route that does not exist, because the printed ids
 * would be useless.
 */
async function refuseUnknown(root: string, issuer: string, route: string | undefined): Promise<void> {
  const { deployments, routes } = await openProject(root)
  const variables = deployments.all.map(({ environment }) => environment)
  const issuers = routes.flatMap(({ trust = [] }) => [
    ...trust.filter(isApiKeys).map(({ id }) => ownIssuerOf(id)),
    ...issuersIn(trust).flatMap(({ issuer: given, tenants = [''] }) =>
      (typeof given === 'string' ? [given] : variables.map((each) => String(each[given.env]))).flatMap((each) =>
        tenants.map((tenant) => each.replaceAll('{tenant}', tenant)),
      ),
    ),
  ])
  if (!issuers.includes(issuer))
    throw new ProjectError(
      `No route trusts the issuer ${issuer}. The routes trust: ${[...new Set(issuers)].join(', ')}.`,
    )
  const found = routes.find(({ id }) => id === route)
  if (route !== undefined && !found)
    throw new ProjectError(`There is no route "${route}". The routes are: ${routes.map(({ id }) => id).join(', ')}.`)
  if (found && !DERIVED.has(found.agent.kind))
    throw new ProjectError(`An agent of kind ${found.agent.kind} receives the thread ids that callers send, unchanged.`)
}

function secretIn(file: string): string {
  const secret = process.env.THREAD_SECRET ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined)
  const fault = threadSecretFault(secret)
  if (fault) throw new Error(`THREAD_SECRET ${fault}. Set THREAD_SECRET, or name its file with --file.`)
  return secret ?? ''
}
