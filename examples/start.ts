import { join } from 'node:path'
import { startIdentityProvider } from '../src/cli/dev/identity-provider/provider.ts'
import { ensureSecrets } from '../src/cli/dev/secrets.ts'
import { startDemoServer } from './demo/server.ts'
import { startTap } from './demo/tap.ts'
import { install, needsInstall } from './local/install.ts'
import { busyPorts, readPorts } from './local/ports.ts'
import { agUiAgent, agUiFolder, gateway, langgraphFolder, langgraphServer, local, root } from './local/services.ts'
import { step } from './local/steps.ts'
import { summary } from './local/summary.ts'
import { Supervisor } from './local/supervisor.ts'

/** Where examples/copilotkit serves its page, if somebody starts that, too. */
const COPILOTKIT_PAGE = 'http://127.0.0.1:5173/'

const supervisor = new Supervisor()

async function start(): Promise<void> {
  const ports = readPorts()
  const faults = await busyPorts(ports)
  if (faults.length > 0) {
    if (faults.length === Object.keys(ports).length) faults.push('Is "npm start" running already, in another terminal?')
    throw new Error(faults.join('\n\n  '))
  }

  console.log('\nStarting Sallyport on this machine (127.0.0.1 only)\n')
  for (const [name, folder] of [
    ['LangGraph packages', langgraphFolder],
    ['AG-UI packages', agUiFolder],
  ] as const) {
    if (!(await needsInstall(folder))) continue
    await step(name, 'first use: npm ci', () => install(folder, supervisor.signal))
  }

  await step('Secrets', 'in .dev.vars, which git ignores', () => ensureSecrets(join(root, '.dev.vars')))
  const redirectUris = [`${local(ports.demo)}/`, COPILOTKIT_PAGE]
  const issuer = await step('Identity provider', local(ports.identityProvider), () =>
    supervisor.open(startIdentityProvider({ port: ports.identityProvider, redirectUris })),
  )

  // The gateway is told that the agents are the taps, so that the page can show what arrived.
  const taps = await Promise.all([
    supervisor.open(startTap({ agent: 'langgraph', port: ports.langgraphTap, target: local(ports.langgraph) })),
    supervisor.open(startTap({ agent: 'ag-ui', port: ports.agUiTap, target: local(ports.agUi) })),
  ])
  await step('LangGraph server', local(ports.langgraph), () => supervisor.start(langgraphServer(ports.langgraph)))
  await step('AG-UI agent', local(ports.agUi), () => supervisor.start(agUiAgent(ports.agUi)))
  await step('Gateway', local(ports.gateway), () => supervisor.start(gateway(ports)))
  await step('Demo page', `${local(ports.demo)}/`, () =>
    supervisor.open(startDemoServer({ port: ports.demo, gateway: local(ports.gateway), issuer: issuer.issuer, taps })),
  )
  console.log(summary(ports))
}

async function stop(code: number): Promise<void> {
  await supervisor.stop()
  process.exit(code)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (supervisor.signal.aborted) return
    console.log('\nStopping…')
    stop(0)
  })
}

start()
  .then(() => supervisor.failed)
  .then((why) => {
    throw new Error(why)
  })
  .catch((error: Error) => {
    if (supervisor.signal.aborted) return
    console.error(`\n  ${error.message}\n`)
    stop(1)
  })
