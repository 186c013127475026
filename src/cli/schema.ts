import type { Command } from './command'
import { routeJsonSchema } from './json-schema'

/**
 * Prints the JSON Schema of a route. It comes from the schema of the check at load. Rules about
 * several fields together are checked only at load.
 */
export const schema: Command = {
  usage: 'usage: sallyport schema\n  Prints the JSON Schema of a route, for teams that generate their routes.',
  async run() {
    console.log(JSON.stringify(routeJsonSchema(), null, 2))
    return 0
  },
}
