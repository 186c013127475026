import { type Environment, variable } from './env'
import { type Fault, show } from './fault'

/** The gateway's own settings, from the environment. */
export interface Settings {
  readonly publicUrl: string
  /** Whether the addresses of agents and issuers may use plain http. */
  readonly isDevelopment: boolean
}

/** Reads the gateway's settings, and adds faults in them to `faults`. */
export function readSettings(environment: Environment, faults: Fault[]): Settings {
  const file = 'wrangler.toml'
  const mode = variable(environment, 'ENVIRONMENT')
  const isDevelopment = mode === 'development'
  if (mode !== undefined && mode !== 'development' && mode !== 'production') {
    faults.push({
      file,
      path: 'vars.ENVIRONMENT',
      found: show(mode),
      expected: '"production" or "development", or nothing for production',
      remedy: 'Use one of them. "development" allows agents and issuers over plain http.',
    })
  }
  const publicUrl = variable(environment, 'PUBLIC_URL')
  const url = URL.parse(publicUrl ?? '')
  if (
    !publicUrl ||
    url?.origin !== publicUrl ||
    !(url.protocol === 'https:' || (isDevelopment && url.protocol === 'http:'))
  ) {
    faults.push({
      file,
      path: 'vars.PUBLIC_URL',
      found: show(publicUrl),
      expected: "the gateway's own https address, without a path and without a slash at the end",
      remedy: 'Set PUBLIC_URL, for example to "https://gate.example.com".',
    })
  }
  return { publicUrl: publicUrl ?? '', isDevelopment }
}

/**
 * Returns the hosts that the gateway answers to. In development, all three names of a loopback
 * address are accepted.
 */
export function hostsOf({ publicUrl, isDevelopment }: Settings): string[] {
  const { host, port, hostname } = new URL(publicUrl)
  const loopback = ['127.0.0.1', 'localhost', '[::1]']
  return isDevelopment && loopback.includes(hostname)
    ? loopback.map((name) => (port ? `${name}:${port}` : name))
    : [host]
}
