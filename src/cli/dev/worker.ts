// A project's gateway in workerd, as `wrangler dev` runs it, but without a debugger: workerd's
// listens on a port that asks nobody who they are, and whoever reaches it reads the signing key.
// dev.ts starts it and hands it settings, and later other variables.
import path from 'node:path'
import { unstable_startWorker } from 'wrangler'

/** A message from dev.ts. */
export interface ToWorker {
  readonly variables: Readonly<Record<string, string>>
  /** With the first message. */
  readonly start?: { readonly config: string; readonly port: number }
}

type Running = Awaited<ReturnType<typeof unstable_startWorker>>
let running: Running | undefined

const bindingsOf = ({ variables }: ToWorker) =>
  Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, { type: 'plain_text' as const, value }]))

process.on('message', async (message: ToWorker) => {
  const bindings = bindingsOf(message)
  if (!message.start) {
    await running?.patchConfig({ bindings })
    return
  }
  const { config, port } = message.start
  running = await unstable_startWorker({
    config,
    bindings,
    // Where wrangler's own commands, such as `wrangler kv`, look too.
    dev: {
      server: { hostname: '127.0.0.1', port },
      persist: path.resolve('.wrangler/state'),
      inspector: false,
      liveReload: false,
    },
  })
  await running.ready
})

async function stop(): Promise<void> {
  // Wrangler's own parts may be in the middle of something; they are given a moment, and no more.
  setTimeout(() => process.exit(), 2_000).unref()
  await running?.dispose()
  process.exit()
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
// The process that started it has gone.
process.on('disconnect', stop)
