import { randomBytes } from 'node:crypto'
import type { AuditEvent } from '../audit/event'
import { keyOfSecret } from '../authentication/api-key/form'
import type { ApiKeyRecord } from '../authentication/api-key/record'
import { onFreePort } from '../cli/free-port'
import { noNetwork } from '../cli/no-network'
import { openProject } from '../cli/project'
import { load } from '../config/load'
import { outside, type Received, type TestAgent } from './outside'
import { startProjectWorker } from './project-worker'
import { signingKeysFor } from './signing-keys'
import { TestKeys, type TestPerson, tokenFor } from './token'

/** How long to wait for an audit line. The gateway writes it only after the answer has ended. */
const AUDIT_MS = 5_000

export interface GatewayOptions {
  /** The folder of the project; the working directory by default. */
  readonly root?: string
  /** An environment of wrangler's file; the top level by default. */
  readonly env?: string
  /**
   * Replacements for agents, by the id of the route. An agent that is not listed answers 200 with
   * `{}`.
   */
  readonly agents?: Readonly<Record<string, TestAgent>>
  /** Variables and secrets that override those of wrangler's file. */
  readonly vars?: Readonly<Record<string, string>>
}

/** The record of an API key for a test. Only `subject` is required. */
export type TestKey = Partial<ApiKeyRecord> & Pick<ApiKeyRecord, 'subject'>

/**
 * The project's Worker in workerd, with test users of its identity providers and with agents that
 * the test replaces.
 */
export interface TestGateway {
  readonly url: string
  /** Sends a request to the gateway, with a token of the user in `as`, if `as` is given. */
  fetch(path: string, init?: RequestInit & { readonly as?: TestPerson }): Promise<Response>
  /** Returns a token of one of the project's identity providers. */
  token(person: TestPerson): Promise<string>
  /**
   * Makes an API key, as `sallyport keys api create` does.
   * @param keys the id of the API keys in policies/, if routes trust several
   */
  apiKey(record: TestKey, keys?: string): Promise<string>
  /** Returns the audit line of the request that got this answer. */
  auditOf(response: Response): Promise<AuditEvent>
  /** Returns the requests that have reached the agent of a route, oldest first. */
  received(route: string): readonly Received[]
  close(): Promise<void>
}

/**
 * Starts the Worker of a project as wrangler would bundle it. The keys of the project's identity
 * providers are replaced with test keys. Issuers, audiences and claims are those of the project.
 *
 * @throws ConfigurationError for faults of the project, ProjectError if its files cannot be read
 */
export const startGateway = (options: GatewayOptions = {}): Promise<TestGateway> =>
  onFreePort((port) => startGatewayAt(port, options))

async function startGatewayAt(port: number, options: GatewayOptions): Promise<TestGateway> {
  const { root = process.cwd(), env, agents = {}, vars = {} } = options
  const { deployments, routes } = await openProject(root)
  const deployment = deployments.named(env)
  const url = `http://127.0.0.1:${port}`
  const environment = { ...deployment.environment, PUBLIC_URL: url, ENVIRONMENT: 'development', ...vars }
  const config = load(routes, environment, noNetwork)
  const loaded = [...config.routes.values()]
  const credentials = loaded.flatMap(({ credential }) =>
    credential ? [[credential.secret, 'a secret of a test']] : [],
  )
  const bindings = {
    SIGNING_KEYS: await signingKeysFor(loaded.map(({ assertion }) => assertion.algorithm)),
    THREAD_SECRET: 'a secret of a test, of no use elsewhere',
    ...Object.fromEntries(credentials),
    ...texts(environment),
  }
  const keys = new TestKeys()
  const world = outside(loaded, agents, keys)
  const lines: string[] = []
  const runtime = await startProjectWorker(root, deployment, bindings, port, {
    answer: world.answer,
    log: (text) => void lines.push(...text.split('\n')),
  })
  const token = (person: TestPerson): Promise<string> => {
    const issuers = loaded.flatMap(({ trust }) => trust.issuers)
    const issuer = issuers.find(({ id }) => person.issuer === undefined || id === person.issuer)
    if (!issuer) throw new Error(`No route trusts an issuer "${person.issuer}".`)
    return tokenFor(issuer, person, keys)
  }
  return {
    url,
    token,
    async fetch(at, { as, ...init } = {}) {
      const headers = new Headers(init.headers)
      if (as) headers.set('authorization', `Bearer ${await token(as)}`)
      return fetch(url + at, { ...init, headers })
    },
    async apiKey(record, keys) {
      const trusted = loaded.flatMap(({ trust }) => trust.apiKeys).find(({ id }) => keys === undefined || id === keys)
      if (!trusted) throw new Error(`No route trusts API keys${keys === undefined ? '' : ` "${keys}"`}.`)
      const { key, name } = await keyOfSecret(randomBytes(32).toString('hex'))
      const whole = {
        v: 1,
        label: 'a key of a test',
        kind: 'user',
        roles: [],
        scopes: [],
        createdAt: new Date().toISOString(),
        ...record,
      }
      await (await runtime.getKVNamespace(trusted.binding)).put(name, JSON.stringify(whole))
      return key
    },
    async auditOf(response) {
      const id = response.headers.get('x-request-id')
      for (let waited = 0; waited < AUDIT_MS; waited += 20) {
        const events = lines.filter((line) => line.startsWith('{"v":2')).map((line) => JSON.parse(line) as AuditEvent)
        const found = events.find((event) => event.id === id && event.outcome !== 'begun')
        if (found) return found
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      throw new Error('The gateway wrote no line of this request. Has its answer been read to the end?')
    },
    received(route) {
      const found = world.received.get(route)
      if (!found) throw new Error(`There is no route "${route}".`)
      return found
    },
    close: () => runtime.dispose(),
  }
}

const texts = (environment: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
