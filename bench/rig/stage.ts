import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { freePort } from '../../test/support/port.ts'
import { scratch } from '../folder.ts'
import type { Running } from '../process.ts'
import { issuerOf, policyOf, type RouteWorld, routeOf, startSallyport } from '../sallyport.ts'
import { Tokens } from '../tokens.ts'
import { bundle } from '../workerd.ts'
import { startServer } from '../world.ts'
import { Outages } from './outages.ts'
import { StreamRecord } from './stream-record.ts'

/**
 * The number of identity providers. The gateway knows the keys of the first one from the start. It
 * fetches the keys of the others during outages.
 */
const ISSUERS = 10
/**
 * How long keys stay fresh. It is the least value that the gateway accepts, so that keys expire
 * during a run.
 */
const KEYS_MAX_AGE_SECONDS = '60'

/** The gateway, between an agent and identity providers that the test can kill. */
export interface Stage {
  readonly gateway: Running
  readonly auditFile: string
  readonly agent: Killable
  readonly keys: Killable
  /**
   * The tokens of each generation of signing keys. The keys of the last generation are published at
   * the next restart.
   */
  readonly generations: readonly Tokens[]
  readonly issuers: readonly string[]
  /** Tokens that name this provider, but are signed with a key that it never publishes. */
  readonly stranger: Tokens
  record(): StreamRecord
  /** Starts another gateway with the same routes, for separate measurements. */
  startAnother(name: string): Promise<Running>
  stop(): Promise<void>
}

export interface Killable {
  readonly outages: Outages
  kill(): Promise<void>
  startAgain(): Promise<void>
}

interface Server extends Killable {
  start(): Promise<void>
  stop(): Promise<void>
}

export async function openStage(): Promise<Stage> {
  const folder = path.join(scratch, `rig-${performance.now()}`)
  mkdirSync(folder, { recursive: true })
  const auditFile = path.join(folder, 'audit.log')
  const recordFile = path.join(folder, 'streams.log')
  writeFileSync(recordFile, '')

  const [agentPort, keyPort] = [await freePort(), await freePort()]
  const issuers = Array.from({ length: ISSUERS }, (_, index) => `http://127.0.0.1:${keyPort}/issuer-${index}`)
  const make = () => Tokens.create(issuers[0] ?? '')
  const generations = [await make(), await make()]
  const stranger = await make()

  const agent = server(() => startServer('load-agent', agentPort, { LOAD_RECORD: recordFile }))
  let publishedCount = 1
  const keys = server(() => {
    const published = generations.slice(0, publishedCount).flatMap(({ publicKeys }) => publicKeys)
    return startServer('key-sets', keyPort, {
      BENCH_KEY_SETS: JSON.stringify({ '/jwks': { keys: published } }),
      BENCH_KEY_SETS_MAX_AGE: KEYS_MAX_AGE_SECONDS,
    })
  })
  const agentUrl = `http://127.0.0.1:${agentPort}`
  const routes = routesOf({ originUrl: agentUrl, issuers, jwksUri: `http://127.0.0.1:${keyPort}/jwks` })
  const bundles = { sallyport: await bundle('peers/sallyport.ts') }
  const running: { stop(): Promise<void> }[] = []
  try {
    for (const each of [agent, keys]) {
      running.push(each)
      await each.start()
    }
    const gateway = await startSallyport({ bundles }, 'Sallyport under load', routes, auditFile)
    running.push(gateway)
    return {
      gateway,
      auditFile,
      agent,
      keys: {
        ...keys,
        // From now on the last keys are published. Keys that are made later are not.
        async startAgain() {
          publishedCount = generations.length
          await keys.startAgain()
          generations.push(await make())
        },
      },
      generations,
      issuers,
      stranger,
      record: () => new StreamRecord(readFileSync(recordFile, 'utf8')),
      async startAnother(name) {
        const another = await startSallyport({ bundles }, name, routes)
        running.push(another)
        return another
      },
      stop: () => stopAll(running),
    }
  } catch (thrown) {
    await stopAll(running)
    throw thrown
  }
}

async function stopAll(running: readonly { stop(): Promise<void> }[]): Promise<void> {
  for (const each of running.toReversed()) await each.stop()
}

function server(begin: () => Promise<Running>): Server {
  let running: Running | undefined
  const outages = new Outages()
  return {
    outages,
    async start() {
      running = await begin()
    },
    async kill() {
      outages.begin()
      await running?.kill()
    },
    async startAgain() {
      running = await begin()
      outages.end()
    },
    async stop() {
      await running?.stop()
    },
  }
}

function routesOf(world: RouteWorld) {
  const trust = world.issuers.map((_, index) => issuerOf(world, index))
  const policies = [policyOf(0)]
  const audit = { begin: true } as const
  return [
    routeOf(world, 'http', { trust, policies }),
    routeOf(world, 'ag-ui', { agent: { kind: 'ag-ui', origin: { url: `${world.originUrl}/ag-ui` } }, audit }),
    routeOf(world, 'mcp', { agent: { kind: 'mcp', origin: { url: `${world.originUrl}/mcp` } }, audit }),
  ]
}
