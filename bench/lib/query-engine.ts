/** The embedded ClickHouse in a process of its own: says its address, and ends with its parent. */
import { startClickHouse } from '@nabolag/engines/clickhouse'

const [folder = ''] = process.argv.slice(2)
const engine = await startClickHouse({ folder, user: 'bench', password: 'bench' })
process.send?.({ url: engine.url })
process.on('disconnect', () => {
  void engine.close().then(() => process.exit(0))
})
