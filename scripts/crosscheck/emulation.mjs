// Compares what package ton derives and emulates with npm's @ton/ton and the C++ emulator of @ton/sandbox:
//   node emulation.mjs FIXTURE.json CONFIG.boc
// FIXTURE.json is written by `go test PACKAGE -run TestCrosscheckFixture -fixture FILE`: of ./ton what wallets send, of
// ./ton/devchain/assets what tokens do on a dev chain.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { beginCell, Cell, contractAddress, loadShardAccount, loadStateInit, loadTransaction } from '@ton/core'
import { Executor } from '@ton/sandbox'
import { WalletContractV3R2, WalletContractV4, WalletContractV5R1 } from '@ton/ton'

const [fixtureFile, configFile] = process.argv.slice(2)
const fixture = JSON.parse(readFileSync(fixtureFile, 'utf8'))
const config = Cell.fromBoc(readFileSync(configFile))[0].toBoc().toString('base64')

const policyCode = '82d7784bb13fff44a73855508fe923a4d500bc351174543372e712c343740b38' // as scripts/build-contracts.sh prints it
const highloadCode = '11acad7955844090f283bf238bc1449871f783e7cc0979408d3f4859483e8525' // highload-wallet-contract-v3

const derive = {
  v3r2: ({ publicKey, subwallet }) => WalletContractV3R2.create({ workchain: 0, publicKey, walletId: 698983191 + subwallet }),
  v4r2: ({ publicKey, subwallet }) => WalletContractV4.create({ workchain: 0, publicKey, walletId: 698983191 + subwallet }),
  v5r1: ({ publicKey, subwallet, globalID }) => WalletContractV5R1.create({
    publicKey,
    walletId: { networkGlobalId: globalID, context: { walletVersion: 'v5r1', workchain: 0, subwalletNumber: subwallet } },
  }),
  highload_v3: highload,
  policy_v1: policy,
}

for (const w of fixture.wallets) {
  const wallet = derive[w.version]({ ...w, publicKey: Buffer.from(w.publicKey, 'hex') })
  assert.equal(wallet.address.toRawString(), w.address, `${w.version}, network ${w.globalID}, subwallet ${w.subwallet}`)
}
const executor = await Executor.create()
for (const run of fixture.runs) await compare(run)
print(fixture.runs)
console.log(`crosscheck: ok: ${fixture.wallets.length} addresses, ${fixture.runs.length} transactions`)

// What was compared: an operation a line, a version a column, with the gas in the states of the account that are named.
function print(runs) {
  const versions = [...new Set(runs.map((r) => r.version))]
  const cells = new Map() // by operation and state
  for (const r of runs) {
    const name = JSON.stringify([r.operation, r.state])
    cells.set(name, { ...cells.get(name), [r.version]: r.accepted ? r.gas : `exit ${r.exit}` })
  }
  const lines = new Map() // states, by operation and cells
  for (const [name, row] of cells) {
    const [operation, state] = JSON.parse(name)
    const line = JSON.stringify([operation, versions.map((v) => row[v] ?? '-')])
    lines.set(line, [...(lines.get(line) ?? []), state])
  }
  const line = (name, row) => console.log([name.padEnd(58), ...row.map((c) => c.padStart(12))].join(''))
  line('gas of equal transactions', versions)
  for (const [name, states] of [...lines].sort()) line(`${JSON.parse(name)[0]} (${states.join(', ')})`, JSON.parse(name)[1])
}

// The policy wallet's address follows from its first data; ton/contracts compares what is in that.
function policy({ init }) {
  const { code, data } = loadStateInit(Cell.fromBase64(init).beginParse())
  assert.equal(code.hash().toString('hex'), policyCode)
  return { address: contractAddress(0, { code, data }) }
}

// @ton/ton has no highload wallet: its data is written here from the contract's storage layout, its code is known by hash.
function highload({ publicKey, subwallet, init }) {
  const { code } = loadStateInit(Cell.fromBase64(init).beginParse())
  assert.equal(code.hash().toString('hex'), highloadCode)
  const data = beginCell().storeBuffer(publicKey).storeUint(0x10ad + subwallet, 32)
    .storeMaybeRef(null).storeMaybeRef(null).storeUint(0, 64).storeUint(3600, 22).endCell()
  return { address: contractAddress(0, { code, data }) }
}

// The same message on the same account makes the same transaction and the same account.
async function compare(run) {
  const { result } = await executor.runTransaction({
    config, libs: null, verbosity: 'short', shardAccount: run.shard, message: Cell.fromBase64(run.message),
    now: run.now, lt: BigInt(run.lt), randomSeed: Buffer.alloc(32), ignoreChksig: false, debugEnabled: false,
  })
  const name = `${run.version}, ${run.operation}, ${run.state}`
  assert.equal(result.success, run.accepted, `${name}: ${result.error}`)
  if (!run.accepted) {
    assert.equal(result.vmResults.vmExitCode, run.exit, name)
    return
  }
  const cell = Cell.fromBase64(result.transaction)
  const tx = loadTransaction(cell.beginParse())
  const account = Cell.fromBase64(result.shardAccount)
  loadShardAccount(account.beginParse())
  assert.deepEqual({
    tx: cell.hash().toString('hex'), account: account.refs[0].hash().toString('hex'), out: tx.outMessagesCount, exit: tx.description.computePhase.exitCode,
    gas: tx.description.computePhase.gasUsed.toString(), fees: tx.totalFees.coins.toString(),
  }, { tx: run.tx, account: run.account, out: run.out, exit: run.exit, gas: run.gas, fees: run.fees }, name)
}
