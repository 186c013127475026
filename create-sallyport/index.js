#!/usr/bin/env node
// The project's tools need a newer version of Node. This file also runs on older versions, to print
// an error there.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(
    `Sallyport needs Node 22.12 or later, but this is Node ${process.version}. Install a current version from nodejs.org.\n`,
  )
  process.exitCode = 1
} else {
  const { create } = await import('./create.js')
  process.exitCode = await create(process.argv.slice(2)).catch((error) => {
    process.stderr.write(`${error.message}\n`)
    return 1
  })
}
