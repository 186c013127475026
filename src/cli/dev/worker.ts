// A project's gateway in workerd, as `wrangler dev` runs it, but without a debugger: workerd's listens on a port that asks nobody
// who they are, and whoever reaches it reads the signing key. Started by dev.ts, which gives the settings as JSON.
import { unstable_startWorker } from 'wrangler'

const { config, port, variables } = JSON.parse(process.argv[2] ?? '{}') as {
  config: string
  port: number
  variables: Readonly<Record<string, string>>
}
const worker = await unstable_startWorker({
  config,
  bindings: Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, { type: 'plain_text' as const, value }]),
  ),
  dev: { server: { hostname: '127.0.0.1', port }, inspector: false, liveReload: false },
})
const stop = async (): Promise<void> => {
  // Wrangler's own parts may be in the middle of something; they are given a moment, and no more.
  setTimeout(() => process.exit(), 2_000).unref()
  await worker.dispose()
  process.exit()
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
// Whoever started it has gone.
process.on('disconnect', stop)
await worker.ready
// For whoever waits until it answers.
process.send?.('ready')
