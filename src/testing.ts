/**
 * Helpers for the tests of a project that uses Sallyport. They run the examples of its policies,
 * and start its gateway in workerd.
 */
export { failedExamples } from './testing/failed-examples'
export { type GatewayOptions, startGateway, type TestGateway, type TestKey } from './testing/gateway'
export type { TestPerson } from './testing/token'
