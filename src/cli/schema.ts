// npm run -s schema: the JSON Schema of a route, for teams that generate their routes. It comes from the schema that is
// checked at load; rules across fields (such as overlapping paths) are only there.
import { routeJsonSchema } from './json-schema'

console.log(JSON.stringify(routeJsonSchema(), null, 2))
