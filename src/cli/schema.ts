import type { Command } from './command'
import { routeJsonSchema } from './json-schema'

/**
 * Prints the JSON Schema of a route. It comes from the schema with which the Worker checks routes
 * when it starts. The JSON Schema does not contain rules about several fields together, which the
 * Worker checks too.
 */
export const schema: Command = {
  usage: 'usage: sallyport schema\n  Prints the JSON Schema of a route, for teams that generate their routes.',
  async run() {
    console.log(JSON.stringify(routeJsonSchema(), null, 2))
    return 0
  },
}
