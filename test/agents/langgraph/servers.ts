import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { spawnChild, untilReady } from '../../../src/cli/dev/agents/child.ts'
import { root } from '../../support/build'
import type { LangGraphClient, StreamPart } from '../../support/clients'
import { langgraphFolder, langgraphServer } from '../../support/langgraph-server'
import { ready } from '../../support/packages'
import { freePort } from '../../support/port'
import { type PythonServer, pythonOf, startPython } from '../../support/python'

export const pythonFolder = 'examples/langgraph-python'

/** A copy of an example without its packages: a server keeps its threads where it runs. */
async function copyOf(folder: string): Promise<{ folder: string; remove(): Promise<void> }> {
  const copy = await mkdtemp(path.join(tmpdir(), 'sallyport-langgraph-'))
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isFile()) await copyFile(path.join(folder, entry.name), path.join(copy, entry.name))
  }
  return { folder: copy, remove: () => rm(copy, { recursive: true, force: true }) }
}

/**
 * LangGraph's Python server with the example's graph. There is no key for it, and it is told to
 * trace nothing.
 */
export async function startPythonServer(
  config = 'langgraph.json',
  env: Record<string, string> = {},
  /** More files beside the example's, by name. */
  files: Record<string, string> = {},
): Promise<PythonServer> {
  const copy = await copyOf(path.join(root, pythonFolder))
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(copy.folder, name), text)
  const flags = ['--config', config, '--no-browser', '--no-reload', '--n-jobs-per-worker', '10']
  const server = await startPython({
    folder: pythonFolder,
    cwd: copy.folder,
    args: (port) => ['-m', 'langgraph_cli', 'dev', ...flags, '--host', '127.0.0.1', '--port', String(port)],
    env: { LANGSMITH_TRACING: 'false', LANGGRAPH_CLI_NO_ANALYTICS: '1', LOG_LEVEL: 'warning', ...env },
    readyPath: '/ok',
  })
  return {
    url: server.url,
    async close() {
      await server.close()
      await copy.remove()
    },
  }
}

/**
 * LangGraph's JavaScript server, likewise. With a login of its own it tells only `/info` to a
 * stranger.
 */
export async function startJsServer(config: string, env: Record<string, string>): Promise<PythonServer> {
  await ready('examples/langgraph-js')
  const copy = await copyOf(langgraphFolder)
  await symlink(path.join(langgraphFolder, 'node_modules'), path.join(copy.folder, 'node_modules'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const given = langgraphServer(port)
  const options = {
    ...given,
    cwd: copy.folder,
    args: [...given.args, '-c', config],
    env: { ...given.env, ...env },
    readyUrl: `${url}/info`,
    // The tool waits for the file to change, and would wait for ever.
    fatal: /must be set/,
  }
  const child = spawnChild(options)
  const close = async () => {
    await child.stop()
    await copy.remove()
  }
  await untilReady(child, options).catch(async (error) => {
    await close()
    throw error
  })
  return { url, close }
}

/**
 * Runs the Python clients, in the example's own Python.
 * @param script what they do, in this folder
 */
export async function runPythonClients<T>(
  input: { url: string; headers: Record<string, string> },
  script = 'langgraph_client.py',
): Promise<T> {
  const python = await pythonOf(pythonFolder)
  const client = spawn(python, [path.join(root, 'test/agents/langgraph', script)], {
    env: { ...process.env, LANGSMITH_TRACING: 'false' },
  })
  client.stdin.end(JSON.stringify(input))
  const [output, errors, [code]] = await Promise.all([text(client.stdout), text(client.stderr), once(client, 'exit')])
  if (code !== 0) throw new Error(`the Python clients ended with exit code ${code}:\n${errors}`)
  return JSON.parse(output)
}

export const ask = (content: string, more: object = {}) => ({
  input: { messages: [{ role: 'user', content }] },
  ...more,
})

export async function collect(stream: AsyncGenerator<StreamPart>): Promise<StreamPart[]> {
  const parts: StreamPart[] = []
  for await (const part of stream) parts.push(part)
  return parts
}

/** Everything that a server gives back about a thread, as one text to search. */
export async function storedIn({ threads, runs }: LangGraphClient, thread: string): Promise<string> {
  const everything = await Promise.all([
    threads.get(thread),
    runs.list(thread),
    threads.getState(thread),
    threads.getHistory(thread),
  ])
  return JSON.stringify(everything)
}

/** The status of a refusal; 200 where there was none. */
export const statusOf = (answer: Promise<unknown>): Promise<number> =>
  answer.then(
    () => 200,
    (error: { status: number }) => error.status,
  )
