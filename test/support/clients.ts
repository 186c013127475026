import { createRequire } from 'node:module'
import path from 'node:path'
import { root } from './build'
import { ready } from './packages'

/**
 * The part of `@ag-ui/client` that these tests use. Its own types would make the whole project need
 * its packages.
 */
export interface HttpAgent {
  readonly state: Record<string, unknown>
  readonly messages: readonly { role: string; content?: string }[]
  addMessage(message: { id: string; role: string; content: string }): void
  setState(state: object): void
  runAgent(
    parameters?: { runId?: string; forwardedProps?: object },
    subscriber?: {
      onEvent?(params: { event: AgUiEvent }): void
      onRunFailed?(params: { error: Error }): void
      onRunErrorEvent?(params: { event: AgUiEvent }): void
    },
  ): Promise<{ newMessages: readonly { role: string; content?: string }[] }>
  abortRun(): void
}
export type AgUiEvent = { readonly type: string; readonly [field: string]: unknown }

export interface AgUiClient {
  readonly HttpAgent: new (config: { url: string; threadId?: string; headers?: Record<string, string> }) => HttpAgent
}

/** The part of `@langchain/langgraph-sdk` that these tests use: every answer is JSON to them. */
// biome-ignore lint/suspicious/noExplicitAny: the shapes are the SDK's, and compared, not read
type Answer = Promise<any>
export interface StreamPart {
  readonly id?: string
  readonly event: string
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly data: any
}
export interface LangGraphClient {
  readonly assistants: { search(query?: object): Answer; get(id: string): Answer; getGraph(id: string): Answer }
  readonly threads: Record<
    'create' | 'get' | 'search' | 'count' | 'update' | 'delete' | 'copy' | 'getState' | 'updateState' | 'getHistory',
    (...args: readonly unknown[]) => Answer
  >
  readonly runs: Record<
    'create' | 'wait' | 'list' | 'get' | 'join' | 'cancel' | 'delete',
    (...args: readonly unknown[]) => Answer
  > & {
    stream(thread: string | null, assistant: string, payload: object): AsyncGenerator<StreamPart>
    joinStream(thread: string | null, run: string, options?: object): AsyncGenerator<StreamPart>
  }
}
export interface LangGraphSdk {
  readonly Client: new (config: {
    apiUrl: string
    defaultHeaders?: Record<string, string>
    apiKey: string | null
  }) => LangGraphClient
}

const folder = path.join(root, 'test/clients')

/**
 * The clients that people use, from a separate package, so that users of the gateway need not
 * install them.
 */
export async function loadClients(): Promise<{ agUi: AgUiClient; langGraph: LangGraphSdk }> {
  await ready('test/clients')
  const require = createRequire(path.join(folder, 'package.json'))
  return { agUi: require('@ag-ui/client'), langGraph: require('@langchain/langgraph-sdk') }
}
