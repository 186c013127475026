import { toJsonSchema } from '@valibot/to-json-schema'
import { RouteSchema } from '../config/route-schema'

export function routeJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    ...toJsonSchema(RouteSchema, { errorMode: 'ignore' }),
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Sallyport route',
  }
}
