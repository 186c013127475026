/**
 * Helpers for the tests of a project that uses Sallyport. The helpers run the examples in the
 * project's policies, and start its gateway in workerd (the Workers runtime).
 */
export { failedExamples } from './testing/failed-examples'
export { type GatewayOptions, startGateway, type TestGateway, type TestKey } from './testing/gateway'
export type { TestPerson } from './testing/token'
