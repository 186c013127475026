import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readDeployments } from '../../src/cli/deployments'
import { onFreePort } from '../../src/cli/free-port'
import { startProjectWorker } from '../../src/testing/project-worker'

it('a Worker starts at another port if another program takes its port first', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sallyport-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(path.join(folder, 'worker.js'), "export default { fetch: () => new Response('it runs') }\n")
  const wrangler = 'name = "other"\nmain = "worker.js"\ncompatibility_date = "2026-10-01"\n'
  writeFileSync(path.join(folder, 'wrangler.toml'), wrangler)
  const deployment = readDeployments(folder).named(undefined)
  const around = { answer: async () => new Response(), log: () => undefined }
  const tried: number[] = []

  const worker = await onFreePort(async (port) => {
    tried.push(port)
    if (tried.length === 1) {
      const other = createServer().listen(port, '127.0.0.1')
      await once(other, 'listening')
      onTestFinished(() => void other.close())
    }
    return startProjectWorker(folder, deployment, {}, port, around)
  })
  onTestFinished(() => worker.dispose())

  expect(tried).toHaveLength(2)
  expect(await (await fetch(`http://127.0.0.1:${tried[1]}`)).text()).toBe('it runs')
})

it('an error other than a taken port is thrown at once', async () => {
  let calls = 0
  const start = () => {
    calls++
    return Promise.reject(new Error('no such folder'))
  }
  await expect(onFreePort(start)).rejects.toThrow('no such folder')
  expect(calls).toBe(1)
})
