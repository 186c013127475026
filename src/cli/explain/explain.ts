import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { isMeantAsKey } from '../../authentication/api-key/form'
import { type Explanation, explainToken, type KeysFor } from '../../authentication/jwt/explain'
import { fetchKeySet } from '../../authentication/jwt/key-set'
import { keySet, select } from '../../authentication/jwt/loaded-keys'
import type { TrustedIssuer } from '../../authentication/jwt/trusted-issuer'
import type { Route } from '../../config/define'
import type { Environment } from '../../config/env'
import { load } from '../../config/load'
import type { LoadedRoute } from '../../config/loaded-route'
import { Refusal } from '../../errors/refusal'
import type { Command } from '../command'
import { asLocal } from '../dev/local'
import { localRoutes } from '../dev/local-bundle'
import { addressesHere, local, PORT } from '../dev/ports'
import { variablesHere } from '../dev/variables'
import { noNetwork } from '../no-network'
import { nodePorts } from '../node-ports'
import { complain, say } from '../print'
import { openProject } from '../project'
import { explanationText } from './explanation-text'
import { issuerNotes } from './issuer-notes'
import { explainKey } from './key-text'
import { explainRequest } from './request'

const USAGE = `usage: sallyport explain --token FILE|- [--route ID] [--env NAME|--dev [--port NUMBER]] [--offline] [--remote]
       sallyport explain 'METHOD PATH' [--as PERSON] [--body TEXT|@FILE] [--header 'NAME: VALUE']… [--env NAME]
  --token    a file with the token in it, or - for standard input
  --route    one route; by default all routes that trust the token's issuer
  --env      an environment of wrangler's file
  --dev      uses .dev.vars and the local people of npm start; --port is the port of npm start
  --offline  fetches no keys, so the signature is not checked
  --remote   reads the record of an API key from the deployed namespace, not from this machine
  --as       the caller: alice, or '{"sub":"alice","roles":["admin"]}'; by default no one is signed in
  --body     the request's body, as JSON
  --header   a header of the request`

/**
 * Explains why a token is accepted or refused, or what happens to a request. It runs the same code
 * as the Worker.
 */
export const explain: Command = {
  usage: USAGE,
  async run(args, root) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        as: { type: 'string' },
        body: { type: 'string' },
        header: { type: 'string', multiple: true },
        token: { type: 'string' },
        route: { type: 'string' },
        env: { type: 'string' },
        dev: { type: 'boolean', default: false },
        port: { type: 'string', default: String(PORT) },
        offline: { type: 'boolean', default: false },
        remote: { type: 'boolean', default: false },
      },
    })
    if (values.token === undefined && positionals.length === 1) {
      if (values.dev) throw new Error('--dev works only with --token. To try a whole request, name a person with --as.')
      say(await explainRequest(root, positionals[0] ?? '', values))
      return 0
    }
    if (values.token === undefined)
      throw new Error(
        'Write --token FILE, or --token - for standard input. Do not write the token itself: the shell stores it in its history.',
      )
    const { deployments, routes } = await openProject(root)
    const { environment } = deployments.named(values.env)
    const config = values.dev
      ? loadHere(root, deployments.file, routes, environment, Number(values.port))
      : load(routes, environment, noNetwork)
    const asked = [...config.routes.values()].filter(({ id }) => values.route === undefined || id === values.route)
    if (asked.length === 0)
      throw new Error(values.route === undefined ? 'There are no routes.' : `There is no route "${values.route}".`)
    /**
     * Routes that trust the same issuers are explained together, because the result is the same.
     */
    const groups = [...Map.groupBy(asked, ({ trust }) => JSON.stringify(trust)).values()]
    const token = readToken(values.token === '-' ? '-' : path.resolve(root, values.token))
    if (isMeantAsKey(token)) {
      const { text, isAccepted } = await explainKey(root, token, asked, { env: values.env, isRemote: values.remote })
      say(text)
      return isAccepted ? 0 : 1
    }
    const keysFor = values.offline ? async () => 'unknown' as const : fetchedKeys
    const told = await explanationsFor(token, groups, keysFor)
    const notesOn = (explanation: Explanation) =>
      issuerNotes(explanation, { loaded: asked, written: routes, deployments })
    const texts = told.map(({ explanation, explained }) =>
      explanationText(explanation, explained, notesOn(explanation)),
    )
    say(texts.join('\n\n'))
    const isAccepted = told.some(({ explanation }) => explanation.verdict === 'accepted')
    if (!isAccepted && !values.dev && existsSync(path.join(root, '.dev.vars')))
      say('This is the result in a deployment. Use --dev to read .dev.vars as `npm start` does.')
    return isAccepted ? 0 : 1
  },
}

/**
 * Loads the routes as `sallyport dev` runs them. They use the variables of .dev.vars, and they
 * accept local people (test users on this machine) as well as the project's identity providers.
 */
function loadHere(root: string, file: string, routes: readonly Route[], environment: Environment, port: number) {
  const given = variablesHere(root, file, routes)
  const here = { ...environment, ...given, PUBLIC_URL: local(port), ENVIRONMENT: 'development' }
  const ids = localRoutes(routes, load(routes, here, noNetwork), new Set(Object.keys(given)))
  return load(asLocal(routes, { ...addressesHere(port), routes: ids }), here, noNetwork)
}

/**
 * Explains a token for each group of routes that trusts its issuer. If no group does, explains it
 * once for all routes, so that every trusted issuer is shown.
 */
async function explanationsFor(
  token: string,
  groups: readonly (readonly LoadedRoute[])[],
  keysFor: KeysFor,
): Promise<readonly { readonly explanation: Explanation; readonly explained: readonly LoadedRoute[] }[]> {
  const explain = async (explained: readonly LoadedRoute[], issuers: readonly TrustedIssuer[]) => ({
    explanation: await explainToken(token, issuers, keysFor, Date.now()),
    explained,
  })
  const issuersOf = (group: readonly LoadedRoute[]) => group[0]?.trust.issuers ?? []
  const all = await Promise.all(groups.map((group) => explain(group, issuersOf(group))))
  const known = all.filter(({ explanation }) => explanation.issuer)
  return known.length > 0 ? known : [await explain(groups.flat(), groups.flatMap(issuersOf))]
}

const fetchedKeys: KeysFor = async (issuer, alg, kid) => {
  try {
    return await select(keySet(await fetchKeySet(issuer, nodePorts)), alg, kid)
  } catch (thrown) {
    if (thrown instanceof Refusal) throw thrown
    complain(`The keys of ${issuer.id} could not be fetched: ${(thrown as Error).message}\n`)
    return 'unknown'
  }
}

/**
 * Reads a token from a file or the standard input. Removes `Bearer` and line ends that the user
 * copied with the token.
 */
function readToken(from: string): string {
  const text = contentOf(from)
  return text.trim().replace(/^(?:authorization:\s*)?bearer\s+/i, '')
}

/**
 * Reads a file. Does not pass on the file system's error, because it contains the file name, and a
 * user may have given a token instead.
 */
function contentOf(from: string): string {
  try {
    return readFileSync(from === '-' ? 0 : from, 'utf8')
  } catch {
    throw new Error(
      'The file does not exist. Give --token the name of a file that contains the token, or - for standard input.',
    )
  }
}
