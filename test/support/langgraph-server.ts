import { copyFile, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { spawnChild, untilReady } from '../../src/cli/dev/agents/child.ts'
import { root } from './build'
import { ready } from './packages'
import { freePort } from './port'

export const langgraphFolder = path.join(root, 'examples/langgraph-js')

/** LangGraph's JavaScript server with the example's graph. */
export const langgraphServer = (port: number) => ({
  name: 'LangGraph server',
  args: [
    'node_modules/@langchain/langgraph-cli/dist/cli/cli.mjs',
    ...['dev', '--no-browser', '-h', '127.0.0.1', '-p', `${port}`],
  ],
  cwd: langgraphFolder,
  env: { LANGGRAPH_CLI_NO_ANALYTICS: '1', LANGSMITH_TRACING: 'false', LOG_LEVEL: 'warn' },
  readyUrl: `http://127.0.0.1:${port}/ok`,
  startSeconds: 60,
})

export interface LangGraphServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * A real LangGraph server with the example's graph. It keeps its threads in its folder, so each has
 * a copy of its own.
 */
export async function startLangGraphServer(): Promise<LangGraphServer> {
  await ready('examples/langgraph-js')
  const folder = await mkdtemp(path.join(tmpdir(), 'sallyport-langgraph-'))
  for (const entry of await readdir(langgraphFolder, { withFileTypes: true })) {
    if (entry.isFile()) await copyFile(path.join(langgraphFolder, entry.name), path.join(folder, entry.name))
  }
  await symlink(path.join(langgraphFolder, 'node_modules'), path.join(folder, 'node_modules'))

  const port = await freePort()
  const { args, ...settings } = langgraphServer(port)
  // An idle worker of the server looks for runs about twice a second. Many workers find one at
  // once.
  const options = { ...settings, args: [...args, '-n', '50'], cwd: folder }
  const child = spawnChild(options)
  const close = async () => {
    await child.stop()
    await rm(folder, { recursive: true, force: true })
  }
  await untilReady(child, options).catch(async (error) => {
    await close()
    throw error
  })
  return { url: `http://127.0.0.1:${port}`, close }
}
