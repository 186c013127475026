import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  server: {
    host: '127.0.0.1',
    // The identity provider redirects to exactly this address.
    port: 5173,
    strictPort: true,
    // Used with VITE_RUNTIME_URL=/api/copilotkit, for a runtime that is not behind the gateway: it
    // then has the page's own address.
    proxy: { '/api/copilotkit': process.env.RUNTIME_ORIGIN ?? 'http://127.0.0.1:4000' },
  },
  build: { outDir: '../dist', emptyOutDir: true, chunkSizeWarningLimit: 10_000 },
})
