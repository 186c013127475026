/** What a project's own tests import: examples of policies, and the gateway itself in workerd. */
export { failedExamples } from './testing/failed-examples'
export { type GatewayOptions, startGateway, type TestGateway } from './testing/gateway'
export type { TestPerson } from './testing/token'
