// The gateway in workerd, as `wrangler dev` runs it, but without a debugger: workerd's listens on a port that asks nobody who they are,
// and whoever reaches it reads the signing key. Started by services.ts, which gives the variables as JSON.
import { unstable_startWorker } from 'wrangler'

const { port, variables } = JSON.parse(process.argv[2] ?? '{}') as {
  port: number
  variables: Readonly<Record<string, string>>
}
const worker = await unstable_startWorker({
  config: 'wrangler.toml',
  bindings: Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, { type: 'plain_text' as const, value }]),
  ),
  dev: { server: { hostname: '127.0.0.1', port }, inspector: false, liveReload: false },
})
await worker.ready
