import agUi from './ag-ui'
import ag2 from './ag2'
import langgraph from './langgraph'
import maf from './maf'

/** Every route of the gateway. A route that is not listed here does not exist. */
export default [langgraph, ag2, maf, agUi]
