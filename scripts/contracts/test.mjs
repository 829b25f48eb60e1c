// Replays what the Go tests of ton/contracts delivered and asked in the C++ emulator and compares the results:
//   node test.mjs CASES.json CONFIG.boc
// CASES.json is written by `go test ./ton/contracts -cases CASES.json`, CONFIG.boc is ton/devconfig.boc.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Cell, loadShardAccount, loadTransaction, parseTuple } from '@ton/core'
import { Executor } from '@ton/sandbox'

const [casesFile, configFile] = process.argv.slice(2)
const { messages, methods } = JSON.parse(readFileSync(casesFile, 'utf8'))
const config = readFileSync(configFile).toString('base64')
const executor = await Executor.create()
const randomSeed = Buffer.alloc(32)
const exits = new Map()

for (const c of messages) {
  try {
    assert.deepEqual(await replay(c), expected(c))
  } catch (e) {
    fail(`${c.test}: ${e.message}`)
  }
  exits.set(c.exit, (exits.get(c.exit) ?? 0) + 1)
}
for (const m of methods) {
  try {
    await ask(m)
  } catch (e) {
    fail(`${m.test}: ${m.method}: ${e.message}`)
  }
}
assert(messages.length > 0 && methods.length > 0, 'no cases')
const codes = [...exits.keys()].sort((a, b) => a - b).join(' ')
const names = [...new Set(methods.map((m) => m.method))].sort().join(' ')
console.log(`build-contracts: ok: ${messages.length} messages, exit codes ${codes}; ${methods.length} calls of ${names}`)

function fail(text) {
  console.error(`build-contracts: ${text}`)
  process.exit(1)
}

// A message that isn't accepted has no transaction, so neither gas nor action nor a new account.
function expected({ accepted, exit, gas, action, after }) {
  return accepted ? { accepted, exit, gas, action, after } : { accepted, exit }
}

async function replay(c) {
  const { result } = await executor.runTransaction({
    config, libs: null, verbosity: 'short', shardAccount: c.account, message: Cell.fromBase64(c.message), now: c.now, lt: BigInt(c.lt), randomSeed,
    ignoreChksig: false, debugEnabled: false,
  })
  if (!result.success) {
    return { accepted: false, exit: result.vmResults?.vmExitCode }
  }
  const { description } = loadTransaction(Cell.fromBase64(result.transaction).beginParse())
  const { computePhase, actionPhase } = description
  return {
    accepted: true, exit: computePhase.exitCode, gas: Number(computePhase.gasUsed), action: actionPhase?.resultCode ?? -1,
    after: Cell.fromBase64(result.shardAccount).refs[0].hash().toString('hex'),
  }
}

async function ask(m) {
  const { account } = loadShardAccount(Cell.fromBase64(m.account).beginParse())
  const { code, data } = account.storage.state.state
  const { output } = await executor.runGetMethod({
    code, data, config, methodId: methodId(m.method), stack: m.args.map((value) => ({ type: 'int', value: BigInt(value) })), verbosity: 'short',
    address: account.addr, unixTime: m.now, balance: account.storage.balance.coins, randomSeed, gasLimit: 1_000_000n, debugEnabled: false,
  })
  assert(output.success && output.vm_exit_code === 0, `exit ${output.vm_exit_code}`)
  assert.deepEqual(values(output.stack), values(m.stack))
}

function values(stack) {
  return parseTuple(Cell.fromBase64(stack)).map((item) => item.value ?? item.cell?.hash().toString('hex') ?? item.type)
}

// CRC-16/XMODEM of the name, with bit 16 set (TVM, "method_id").
function methodId(name) {
  let crc = 0
  for (const byte of Buffer.from(name)) {
    crc ^= byte << 8
    for (let i = 0; i < 8; i++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1
  }
  return crc | 0x10000
}
