import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** Returns a port on this machine that is free at the moment. */
export async function freePort(): Promise<number> {
  const server = await listening(0)
  const { port } = server.address() as AddressInfo
  await closed(server)
  return port
}

/**
 * Calls `start` with a free port. If another program takes this port before `start` listens on it,
 * `start` is called again with another port, up to five times in all.
 */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let left = 4; ; left--) {
    try {
      return await start(await freePort())
    } catch (thrown) {
      if (left === 0 || !(thrown instanceof Error) || !/address already in use/i.test(thrown.message)) throw thrown
    }
  }
}

export async function isFreePort(port: number): Promise<boolean> {
  try {
    await closed(await listening(port))
    return true
  } catch {
    return false
  }
}

async function listening(port: number) {
  const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true })
  await once(server, 'listening')
  return server
}

async function closed(server: ReturnType<typeof createServer>): Promise<void> {
  server.close()
  await once(server, 'close')
}
