import path from 'node:path'
import { type AgentPackage, loadAgentPackages } from '../../support/agent-packages'
import { root } from '../../support/build'
import { type NodeServer, startNodeServer } from '../../support/node-server'
import { type PythonServer, startPython } from '../../support/python'

/** Asks back when told so, remembers contexts, and reads the tasks that it is referred to. */
export const startPythonAgent = (): Promise<PythonServer> =>
  startPython({
    folder: 'examples/a2a-python',
    args: (port) => [path.join(root, 'test/agents/a2a/a2a_mounts.py'), String(port)],
    env: { PYTHONPATH: path.join(root, 'examples/a2a-python'), PYTHONDONTWRITEBYTECODE: '1' },
    readyPath: '/tasks/none',
    isReady: (status) => status < 500,
  })

/** The same with the SDK for JavaScript. */
export async function startJavaScriptAgent(): Promise<NodeServer> {
  const [sdk, express, types, web] = await loadAgentPackages(
    '@a2a-js/sdk/server',
    '@a2a-js/sdk/server/express',
    '@a2a-js/sdk',
    'express',
  )
  const { AgentEvent } = sdk
  const said = new Map<string, string[]>()
  const executor = {
    async execute({ userMessage, taskId, contextId, task, referenceTasks = [] }: AgentPackage, bus: AgentPackage) {
      const words = said.get(contextId) ?? []
      words.push(userMessage.parts[0].content.value)
      said.set(contextId, words)
      const asks = words.at(-1)?.startsWith('ask')
      const state = types.TaskState[asks ? 'TASK_STATE_INPUT_REQUIRED' : 'TASK_STATE_COMPLETED']
      const status = { state, timestamp: undefined, message: undefined }
      const first = { ...status, state: types.TaskState.TASK_STATE_WORKING }
      const history = [userMessage]
      if (!task)
        bus.publish(AgentEvent.task({ id: taskId, contextId, status: first, artifacts: [], history, metadata: {} }))
      const value = `heard ${words}, related ${JSON.stringify(referenceTasks)}`
      const part = { content: { $case: 'text', value }, filename: '', mediaType: '', metadata: {} }
      const artifact = { artifactId: 'a1', name: '', description: '', parts: [part], metadata: {}, extensions: [] }
      const update = { taskId, contextId, metadata: {} }
      if (!asks) bus.publish(AgentEvent.artifactUpdate({ ...update, artifact, append: false, lastChunk: true }))
      bus.publish(AgentEvent.statusUpdate({ ...update, status }))
      bus.finished()
    },
    async cancelTask(taskId: string, bus: AgentPackage) {
      const status = { state: types.TaskState.TASK_STATE_CANCELED, timestamp: undefined, message: undefined }
      bus.publish(AgentEvent.statusUpdate({ taskId, contextId: '', status, metadata: {} }))
      bus.finished()
    },
  }
  const app = web()
  const server = await startNodeServer(app)
  const supportedInterfaces = ['1.0', '0.3'].flatMap((protocolVersion) =>
    ['JSONRPC', 'HTTP+JSON'].map((protocolBinding) => ({
      url: server.url,
      protocolBinding,
      protocolVersion,
      tenant: '',
    })),
  )
  const card = {
    name: 'Remembering',
    description: '',
    version: '1.0.0',
    provider: undefined,
    supportedInterfaces,
    capabilities: { streaming: true, pushNotifications: true, extensions: [] },
    defaultInputModes: ['text'],
    defaultOutputModes: ['text'],
    securitySchemes: {},
    securityRequirements: [],
    skills: [],
    signatures: [],
  }
  const requestHandler = new sdk.DefaultRequestHandler(card, new sdk.InMemoryTaskStore(), executor)
  const options = {
    requestHandler,
    userBuilder: express.UserBuilder.noAuthentication,
    legacyCompat: { enabled: true },
  }
  app.post('/', express.jsonRpcHandler(options))
  app.use(express.restHandler(options))
  return server
}
