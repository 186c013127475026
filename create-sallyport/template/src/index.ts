import { createWorker } from 'sallyport/worker'
import routes from '../routes'

export default createWorker(routes)
