/**
 * Helpers for a project's own tests. They run the examples of its policies, and its gateway in
 * workerd.
 */
export { failedExamples } from './testing/failed-examples'
export { type GatewayOptions, startGateway, type TestGateway, type TestKey } from './testing/gateway'
export type { TestPerson } from './testing/token'
