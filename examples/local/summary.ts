import type { Ports } from './ports.ts'
import { local } from './services.ts'

const runInput = {
  threadId: 'thread-1',
  runId: 'run-1',
  messages: [{ id: 'message-1', role: 'user', content: 'Who am I?' }],
  tools: [],
  context: [],
  state: {},
}
const langgraphRun = {
  assistant_id: 'agent',
  input: { messages: [{ role: 'user', content: 'Who am I?' }] },
  stream_mode: ['messages-tuple'],
}

/** A summary of the running parts, with lines to paste. */
export function summary(ports: Ports): string {
  const gateway = local(ports.gateway)
  const post = (path: string, body: object, token = true) =>
    `  curl -N ${gateway}${path} -H 'content-type: application/json'${token ? ' -H "authorization: Bearer $TOKEN"' : ''} \\
    -d '${JSON.stringify(body)}'`

  const provider = ports.identityProvider === 9000 ? '' : `IDENTITY_PROVIDER_PORT=${ports.identityProvider} `

  return `
Sallyport is running.

  Demo page            ${local(ports.demo)}/        sign in as alice (admin) or bob (member)
  Gateway              ${gateway}
  Identity provider    ${local(ports.identityProvider)}         alice/alice, bob/bob
  LangGraph server     ${local(ports.langgraph)}         behind ${gateway}/agents/langgraph
  AG-UI agent          ${local(ports.agUi)}         behind ${gateway}/agents/ag-ui

  The routes /agents/ag2 and /agents/maf answer 502 until an agent of yours is at AG2_AGENT_URL or MAF_AGENT_URL.

Get a token:

  TOKEN=$(curl -s -d grant_type=password -d client_id=sallyport-cli -d username=alice -d password=alice \\
    ${local(ports.identityProvider)}/token | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')

  (or: TOKEN=$(${provider}npm run -s token -- alice), with --es256 for the other algorithm)

Ask each agent through the gate:

${post('/agents/langgraph/runs/stream', langgraphRun)}

${post('/agents/ag-ui', runInput)}

Without a token the answer is 401:

${post('/agents/ag-ui', runInput, false).replace('curl -N', 'curl -i')}

Ctrl-C stops everything. Requests show here as they pass the gate:
`
}
