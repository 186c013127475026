import { parseArgs } from 'node:util'
import type { Command } from '../command'
import { ProjectError } from '../project'
import { requestToken } from './identity-provider/request-token.ts'
import { resourceIndicator } from './identity-provider/resource.ts'
import { readPeople } from './local-people'
import { local, PORT, providerPort } from './ports'

/**
 * Prints only a token of a local person, who is a test user on this machine. `sallyport dev` must
 * be running.
 */
export const token: Command = {
  usage: `usage: sallyport token NAME [--port NUMBER]
  NAME    one of the local people, such as alice
  --port  the port of the gateway (default ${PORT})`,
  async run(args, root) {
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
      const names = readPeople(root).map(({ sub }) => sub)
      if (!cause) throw new ProjectError(`${message}. Local people: ${names.join(', ')}.`)
      throw new ProjectError(
        `No identity provider answers at ${issuer}. Start it with "npm start". If you gave --port to "npm start", give the same --port here.`,
      )
    }
  },
}
