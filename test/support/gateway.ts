import { readFile } from 'node:fs/promises'
import { Miniflare } from 'miniflare'
import type { AuditEvent } from '../../src/audit/event'
import type { Route } from '../../src/config/define'
import { root, workerFile } from './build'
import { compatibility } from './compatibility'
import { signingKeys } from './keys'
import { freePort } from './port'

export interface TestGateway {
  readonly url: string
  /** A request from outside, straight to workerd's socket. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Audit lines so far, oldest first. */
  readonly audit: AuditEvent[]
  /** Everything that the Worker wrote, as it wrote it. */
  readonly logs: string[]
  /** The parts that it has told its operator it cannot serve. */
  unready(): readonly unknown[]
  /** The audit line of a reply, waited for. */
  auditOf(response: Response): Promise<AuditEvent>
  /** The gateway's time, in seconds since the epoch. */
  now(): number
  /** Moves the gateway's clock to now plus so many seconds. */
  setClock(offsetSeconds: number): Promise<void>
  /**
   * Moves the gateway's clock on by so many seconds. Timers that are due by then fire within a few
   * milliseconds.
   */
  advance(seconds: number): Promise<void>
  /** Lets the object of revocations answer, fail, or hang; gives how often it was asked. */
  list(mode?: 'answers' | 'fails' | 'hangs'): Promise<number>
  /** A KV namespace of `namespaces`. */
  kv(binding: string): Promise<TestNamespace>
  close(): Promise<void>
}

export interface GatewayOptions {
  readonly routes: readonly Route[]
  /** Variables and secrets; `undefined` removes one that is set by default. */
  readonly vars?: Readonly<Record<string, string | undefined>>
  /** Service bindings, by name. */
  readonly services?: Readonly<Record<string, (request: Request) => Response | Promise<Response>>>
  /** Rate limiters of the platform, by the names of their bindings. */
  readonly rates?: Readonly<Record<string, { readonly limit: number; readonly period: 10 | 60 }>>
  /** KV namespaces of the platform, by the names of their bindings; they begin empty. */
  readonly namespaces?: readonly string[]
  /** Binds the Durable Object that keeps revocations. */
  readonly hasRevocations?: boolean
  readonly port?: number
}

/** A KV namespace, as the platform hands it out. */
export interface TestNamespace {
  put(name: string, value: string): Promise<void>
  delete(name: string): Promise<void>
}

type Environment = Record<
  string,
  | { type: 'text'; value: string }
  | { type: 'fetcher'; handler: never }
  | { type: 'kv'; id: string }
  | { type: 'durable-object'; worker: string; exportName: string }
  | { type: 'rate-limit'; namespace: string; simple: { readonly limit: number; readonly period: 10 | 60 } }
>

/** Starts the built Worker in a workerd of its own. */
export async function startGateway({
  routes,
  vars = {},
  services = {},
  rates = {},
  namespaces = [],
  hasRevocations = false,
  port,
}: GatewayOptions): Promise<TestGateway> {
  const at = port ?? (await freePort())
  const url = `http://127.0.0.1:${at}`
  const audit: AuditEvent[] = []
  const logs: string[] = []
  const env: Environment = {}
  const defaults = {
    PUBLIC_URL: url,
    ENVIRONMENT: 'development',
    SIGNING_KEYS: JSON.stringify(await signingKeys()),
    THREAD_SECRET: 'a secret of these tests, of no use elsewhere',
    TEST_ROUTES: JSON.stringify(routes),
  }
  for (const [name, value] of Object.entries({ ...defaults, ...vars })) {
    if (value !== undefined) env[name] = { type: 'text', value }
  }
  for (const [name, handler] of Object.entries(services)) env[name] = { type: 'fetcher', handler: handler as never }

  for (const [name, simple] of Object.entries(rates)) env[name] = { type: 'rate-limit', namespace: name, simple }
  if (hasRevocations) env.REVOCATIONS = { type: 'durable-object', worker: 'sallyport', exportName: 'RevocationList' }
  for (const name of namespaces) env[name] = { type: 'kv', id: name }

  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    handleStructuredLogs({ message }: { message: string }) {
      logs.push(message)
      for (const line of message.split('\n')) if (line.startsWith('{"v":2')) audit.push(JSON.parse(line) as AuditEvent)
    },
    handleUncaughtError: (error: Error) => logs.push(String(error)),
    workers: [
      {
        config: {
          name: 'sallyport',
          ...compatibility,
          manifest: {
            mainModule: 'worker.js',
            modulesRoot: root,
            modules: { 'worker.js': { type: 'esm', contents: await readFile(workerFile, 'utf8') } },
          },
          env,
          exports: { RevocationList: { type: 'durable-object', storage: 'sqlite' } },
        },
        dev: { rootPath: root, unsafeDirectSockets: [{ host: '127.0.0.1', port: at }] },
      },
    ],
  } as ConstructorParameters<typeof Miniflare>[0])
  await miniflare.ready
  let offset = 0

  return {
    url,
    fetch: (path, init) => fetch(url + path, init),
    audit,
    logs,
    unready: () =>
      logs
        .flatMap((message) => message.split('\n'))
        .filter((line) => line.startsWith('{"event":"not-ready"'))
        .map((line) => JSON.parse(line) as unknown),
    async auditOf(response) {
      const id = response.headers.get('x-request-id')
      for (let waited = 0; waited < 5000; waited += 20) {
        const event = audit.find((each) => each.id === id)
        if (event) return event
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      throw new Error(`no audit line for ${id}; lines: ${logs.slice(-5).join('\n')}`)
    },
    now: () => Math.floor(Date.now() / 1000 + offset),
    async setClock(offsetSeconds) {
      offset = offsetSeconds
      await fetch(`${url}/__test/clock?offset=${offsetSeconds * 1000}`)
    },
    async advance(seconds) {
      offset += seconds
      await fetch(`${url}/__test/clock?by=${seconds * 1000}`)
    },
    list: async (mode) =>
      Number(await (await fetch(`${url}/__test/list${mode === undefined ? '' : `?mode=${mode}`}`)).text()),
    kv: async (binding) => (await miniflare.getKVNamespace(binding)) as unknown as TestNamespace,
    close: () => miniflare.dispose(),
  }
}
