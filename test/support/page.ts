import path from 'node:path'
import { build } from 'esbuild'
import { root } from './build'
import { type NodeServer, startNodeServer } from './node-server'

/**
 * Serves a page of these tests, built for a browser.
 *
 * @param entry its script, below the root
 * @param packages folders below the root whose `node_modules` it takes packages from
 * @param constants texts that stand in the script in place of these names
 */
export async function servePage(
  entry: string,
  packages: readonly string[],
  constants: Readonly<Record<string, string>>,
): Promise<NodeServer> {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, entry)],
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    nodePaths: packages.map((folder) => path.join(root, folder, 'node_modules')),
    define: {
      'process.env.NODE_ENV': '"production"',
      ...Object.fromEntries(Object.entries(constants).map(([name, text]) => [name, JSON.stringify(text)])),
    },
    loader: { '.css': 'empty', '.woff2': 'empty', '.woff': 'empty', '.ttf': 'empty' },
    outdir: 'page',
    logLevel: 'error',
  })
  const script = outputFiles.find((file) => file.path.endsWith('.js'))?.text ?? ''
  return startNodeServer((request, response) => {
    const isScript = request.url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8')
    response.end(
      isScript ? script : '<!doctype html><div id="root"></div><script type="module" src="/page.js"></script>',
    )
  })
}
