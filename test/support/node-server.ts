import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface NodeServer {
  readonly url: string
  close(): Promise<void>
}

/** An HTTP server of this process on a free port of loopback. */
export async function startNodeServer(listener: RequestListener): Promise<NodeServer> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
