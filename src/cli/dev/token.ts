import { parseArgs } from 'node:util'
import type { Command } from '../command'
import { ProjectError } from '../project'
import { requestToken } from './identity-provider/request-token.ts'
import { resourceIndicator } from './identity-provider/resource.ts'
import { local, PORT, providerPort } from './ports'

/** Prints a token of one of the local people, and nothing else, while `sallyport dev` runs. */
export const token: Command = {
  usage: `usage: sallyport token NAME [--port NUMBER]
  NAME    one of the local people, such as alice
  --port  that of the gateway (default ${PORT})`,
  async run(args) {
    const options = { port: { type: 'string', default: String(PORT) } } as const
    const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [name] = positionals
    if (name === undefined) throw new ProjectError(token.usage)
    const issuer = local(providerPort(Number(values.port)))
    try {
      const resource = resourceIndicator({ algorithm: 'RS256', audience: 'agents' })
      console.log(await requestToken(issuer, name, resource))
      return 0
    } catch (thrown) {
      const { cause, message } = thrown as Error
      throw new ProjectError(cause ? `No identity provider answers at ${issuer}. Start it with "npm start".` : message)
    }
  },
}
