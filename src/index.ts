import routes from '../routes'
import { createWorker } from './worker'

export default createWorker(routes)
