/*
 * An app of CopilotKit that keeps what its `onError` is told. Runtime and token stand behind `#` in
 * the address.
 */
import { CopilotChat, CopilotKitProvider } from '@copilotkit/react-core/v2'
import { createRoot } from 'react-dom/client'

const [runtime, token] = decodeURIComponent(location.hash.slice(1)).split('|')
window.told = []

createRoot(document.getElementById('root')).render(
  <CopilotKitProvider
    runtimeUrl={runtime}
    headers={{ Authorization: `Bearer ${token}` }}
    useSingleEndpoint={false}
    enableInspector={false}
    onError={({ error, code, context }) => {
      const { message, status, runtimeInfoStatus, payload } = error
      window.told.push({ code, message, status, runtimeInfoStatus, payload, inStream: context?.runtimeErrorCode })
    }}
  >
    <CopilotChat />
  </CopilotKitProvider>,
)
