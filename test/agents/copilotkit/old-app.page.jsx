/* An app that was written when CopilotKit took its token from `properties`. The token stands behind `#` in the address. */
import { CopilotKit } from '@copilotkit/react-core'
import { CopilotChat } from '@copilotkit/react-core/v2'
import { createRoot } from 'react-dom/client'

const [runtime, token] = decodeURIComponent(location.hash.slice(1)).split('|')

createRoot(document.getElementById('root')).render(
  <CopilotKit
    runtimeUrl={runtime.startsWith('http') ? runtime : `${GATE_URL}/agents/${runtime}`}
    properties={{ authorization: token }}
    useSingleEndpoint={runtime === 'single'}
    showDevConsole={false}
  >
    <CopilotChat />
  </CopilotKit>,
)
