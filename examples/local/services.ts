import { join } from 'node:path'
import { traffic } from '../../src/cli/dev/traffic.ts'
import type { ChildOptions } from './child.ts'
import type { Ports } from './ports.ts'

export const root = join(import.meta.dirname, '..', '..')
export const langgraphFolder = join(root, 'examples', 'langgraph-js')
export const agUiFolder = join(root, 'examples', 'ag-ui-agent')

export const local = (port: number) => `http://127.0.0.1:${port}`

/** A LangGraph server with the example graph. Exported for tests, too: it needs the packages of its folder. */
export function langgraphServer(port: number): ChildOptions {
  return {
    name: 'LangGraph server',
    args: [
      'node_modules/@langchain/langgraph-cli/dist/cli/cli.mjs',
      'dev',
      '--no-browser',
      '-h',
      '127.0.0.1',
      '-p',
      `${port}`,
    ],
    cwd: langgraphFolder,
    env: { LANGGRAPH_CLI_NO_ANALYTICS: '1', LANGSMITH_TRACING: 'false', LOG_LEVEL: 'warn' },
    readyUrl: `${local(port)}/ok`,
    startSeconds: 60,
  }
}

export function agUiAgent(port: number): ChildOptions {
  return {
    name: 'AG-UI agent',
    args: ['agent.ts'],
    cwd: agUiFolder,
    env: { PORT: `${port}` },
    readyUrl: `${local(port)}/health`,
    startSeconds: 20,
  }
}

/** The gateway in workerd. The agents it knows are the taps, which record and forward. */
export function gateway(ports: Ports, env: NodeJS.ProcessEnv = process.env): ChildOptions {
  const url = local(ports.gateway)
  const variables = {
    PUBLIC_URL: url,
    ENVIRONMENT: 'development',
    ISSUER_URL: local(ports.identityProvider),
    APP_ORIGIN: local(ports.demo),
    LANGGRAPH_AGENT_URL: local(ports.langgraphTap),
    AG_UI_AGENT_URL: local(ports.agUiTap),
    AG2_AGENT_URL: env.AG2_AGENT_URL ?? 'http://127.0.0.1:8001/chat',
    MAF_AGENT_URL: env.MAF_AGENT_URL ?? 'http://127.0.0.1:8002',
  }
  return {
    name: 'Gateway',
    args: ['examples/local/gateway.ts', JSON.stringify({ port: ports.gateway, variables })],
    cwd: root,
    env: {
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      WRANGLER_SEND_ERROR_REPORTS: 'false',
      WRANGLER_SEND_METRICS: 'false',
    },
    readyUrl: `${url}/.sallyport/health`,
    startSeconds: 60,
    fatal: /✘ \[ERROR\]/,
    onLine(line) {
      const shown = traffic(line)
      if (shown) console.log(shown)
    },
  }
}
