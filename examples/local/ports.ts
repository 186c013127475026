import { once } from 'node:events'
import { createServer } from 'node:net'
import { holderOf } from './port-holder.ts'

/** Every port that `npm start` takes on 127.0.0.1; the environment may move each of them. */
const table = {
  gateway: { variable: 'SALLYPORT_PORT', standard: 8787 },
  demo: { variable: 'DEMO_PORT', standard: 8080 },
  identityProvider: { variable: 'IDENTITY_PROVIDER_PORT', standard: 9000 },
  langgraph: { variable: 'LANGGRAPH_PORT', standard: 2124 },
  langgraphTap: { variable: 'LANGGRAPH_TAP_PORT', standard: 2125 },
  agUi: { variable: 'AG_UI_PORT', standard: 8000 },
  agUiTap: { variable: 'AG_UI_TAP_PORT', standard: 8009 },
}

export type Service = keyof typeof table
export type Ports = Record<Service, number>

export function readPorts(env: NodeJS.ProcessEnv = process.env): Ports {
  const entries = Object.entries(table).map(([service, { variable, standard }]) => {
    const port = Number(env[variable] || standard)
    if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Error(`${variable}=${env[variable]} is no port`)
    return [service, port]
  })
  return Object.fromEntries(entries) as Ports
}

/** One line per port that cannot be had: who holds it, and what to do. */
export async function busyPorts(ports: Ports): Promise<string[]> {
  const faults: string[] = []
  const seen = new Map<number, string>()
  for (const [service, port] of Object.entries(ports)) {
    const { variable } = table[service as Service]
    const other = seen.get(port)
    seen.set(port, variable)
    if (other) faults.push(`Port ${port} is asked for twice, by ${other} and ${variable}.`)
    else if (!(await isFree(port))) faults.push(await describe(port, variable))
  }
  return faults
}

async function describe(port: number, variable: string): Promise<string> {
  const holder = await holderOf(port)
  const blame = holder
    ? `${holder.name} (process ${holder.pid})`
    : 'another process (of another user, or of the system)'
  const remedy = holder ? `Stop it (kill ${holder.pid})` : 'Stop it'
  const other = port > 50000 ? port - 10000 : port + 10000
  return `Port ${port} is taken by ${blame}.\n    ${remedy}, or choose another port: ${variable}=${other} npm start`
}

export async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  server.listen({ port, host: '127.0.0.1', exclusive: true })
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
