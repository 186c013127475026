// Runs a project's gateway in workerd, like `wrangler dev` but without a debugger. workerd's
// debugger listens on a port without a login, so anyone who reaches it could read the signing key.
// dev.ts starts this process and sends it settings, and later new variables.
import path from 'node:path'
import { unstable_startWorker } from 'wrangler'

/** A message from dev.ts. */
export interface ToWorker {
  readonly variables: Readonly<Record<string, string>>
  /** Present only in the first message. */
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
    // Stored data is shared with wrangler's own commands, such as `wrangler kv`.
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
  // Wrangler may still be working, so it gets two seconds to finish.
  setTimeout(() => process.exit(), 2_000).unref()
  await running?.dispose()
  process.exit()
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
// This process also stops when the process that started it has ended.
process.on('disconnect', stop)
