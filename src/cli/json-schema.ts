import { toJsonSchema } from '@valibot/to-json-schema'
import { ApiKeysSchema } from '../config/api-keys-schema'
import { IssuerSchema } from '../config/issuer-schema'
import { RouteSchema } from '../config/route-schema'
import { TrustSchema } from '../config/trust'

export function routeJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    ...toJsonSchema(RouteSchema, {
      errorMode: 'ignore',
      // For each entry of `trust`, the Worker uses the schema of issuers or that of API keys. The
      // JSON Schema allows both.
      overrideSchema: ({ valibotSchema }) =>
        valibotSchema === TrustSchema
          ? { anyOf: [IssuerSchema, ApiKeysSchema].map((each) => toJsonSchema(each, { errorMode: 'ignore' })) }
          : undefined,
    }),
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Sallyport route',
  }
}
