// npm run -s routes [-- --env NAME]: the effective configuration as JSON, for review and for audit.
import routes from '../../routes'
import type { Route } from '../config/define'
import { ConfigurationError } from '../config/fault'
import { load } from '../config/load'
import { effectiveConfiguration } from './effective'
import { readEnvironment } from './environment'
import { noNetwork } from './no-network'

const list: readonly Route[] = routes
try {
  const config = load(list, readEnvironment(process.argv.slice(3)), noNetwork)
  console.log(JSON.stringify(effectiveConfiguration(config, list), null, 2))
} catch (thrown) {
  if (!(thrown instanceof ConfigurationError)) throw thrown
  console.error(thrown.message)
  process.exitCode = 1
}
