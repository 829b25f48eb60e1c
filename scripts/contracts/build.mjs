// Compiles ton/contracts/policy-wallet.tolk and prints the hash of its code:
//   node build.mjs           writes policy-wallet.boc beside the source
//   node build.mjs --check   fails unless the committed one is reproduced bit for bit
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runTolkCompiler } from '@ton/tolk-js'

const folder = fileURLToPath(new URL('../../ton/contracts/', import.meta.url))
const target = join(folder, 'policy-wallet.boc')

const result = await runTolkCompiler({
  entrypointFileName: 'policy-wallet.tolk',
  fsReadCallback: (path) => readFileSync(join(folder, path), 'utf8'),
})
if (result.status !== 'ok') {
  console.error(result.message)
  process.exit(1)
}
const boc = Buffer.from(result.codeBoc64, 'base64')
if (process.argv.includes('--check')) {
  if (!boc.equals(readFileSync(target))) {
    console.error('build-contracts: policy-wallet.boc is not what its source compiles to')
    process.exit(1)
  }
} else {
  writeFileSync(target, boc)
}
console.log(`policy-wallet ${result.codeHashHex.toLowerCase()} ${boc.length} bytes, tolk ${result.tolkVersion}`)
