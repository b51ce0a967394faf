/** The tables, one step after the other. A step that has been released is never changed: add one. */

const series = `
  house_id UInt32 CODEC(ZSTD(1)),
  \`group\` LowCardinality(String) CODEC(ZSTD(1)),
  field LowCardinality(String) CODEC(ZSTD(1)),
  device LowCardinality(String) CODEC(ZSTD(1)),
  count UInt16 CODEC(ZSTD(1)),
  location LowCardinality(String) CODEC(ZSTD(1)),
  tags LowCardinality(String) CODEC(ZSTD(1))`
/** What identifies a series, in the order of the tables' keys. */
export const seriesKey = 'house_id, `group`, field, device, count, location, tags'
// Sensors tell milliseconds at best: their common divisor first, then the step from one sample to the next.
const time = "DateTime64(6, 'UTC') CODEC(GCD, Delta(8), ZSTD(1))"
const value = `
  type Enum8('number' = 1, 'boolean' = 2, 'text' = 3) CODEC(ZSTD(1)),
  value Float64 CODEC(ZSTD(1)),
  text String CODEC(ZSTD(1)),
  received DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1))`

// A part that was merged or mutated is on the disk before its predecessors go, and they go at once: erased is erased.
const keeping = 'old_parts_lifetime = 1, min_rows_to_fsync_after_merge = 1'
// A month that has been quiet for an hour becomes one part, which FINAL reads without comparing anything.
const settling = 'min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1'

/** Fed by the engine itself with every insert, so that no writer can forget it. Sample counts include repetitions. */
const registerFrom = (table: string, forecast: 0 | 1) => `
  CREATE MATERIALIZED VIEW IF NOT EXISTS series_of_${table} TO series AS
  SELECT ${seriesKey}, type, ${forecast} AS forecast, min(time) AS first, max(time) AS last, count() AS samples
  FROM ${table} GROUP BY ${seriesKey}, type`

export const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE IF NOT EXISTS samples (${series}, time ${time}, ${value})
     ENGINE = ReplacingMergeTree(received) PARTITION BY toYYYYMM(time) ORDER BY (${seriesKey}, time)
     SETTINGS ${keeping}, ${settling}`,
    `CREATE TABLE IF NOT EXISTS forecasts (${series}, time ${time}, issued ${time}, ${value})
     ENGINE = ReplacingMergeTree(received) PARTITION BY toYYYYMM(time) ORDER BY (${seriesKey}, time, issued)
     SETTINGS ${keeping}, ${settling}`,
    `CREATE TABLE IF NOT EXISTS series (
       ${series}, type Enum8('number' = 1, 'boolean' = 2, 'text' = 3), forecast UInt8,
       first SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
       last SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
       samples SimpleAggregateFunction(sum, UInt64))
     ENGINE = AggregatingMergeTree PARTITION BY forecast ORDER BY (${seriesKey}, type, forecast)
     SETTINGS ${keeping}`,
    registerFrom('samples', 0),
    registerFrom('forecasts', 1),
    `CREATE TABLE IF NOT EXISTS rejected (
       received DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)), topic String CODEC(ZSTD(1)), house_id Nullable(UInt32),
       device LowCardinality(String), reason String CODEC(ZSTD(1)), payload String CODEC(ZSTD(1)))
     ENGINE = MergeTree PARTITION BY toYYYYMMDD(received) ORDER BY received
     TTL toDateTime(received) + INTERVAL 7 DAY DELETE SETTINGS ${keeping}, ttl_only_drop_parts = 1`,
    `CREATE TABLE IF NOT EXISTS rollup_hourly (
       ${series}, hour DateTime('UTC') CODEC(Delta(4), ZSTD(1)), n UInt64 CODEC(ZSTD(1)),
       total Float64 CODEC(ZSTD(1)),
       low Float64 CODEC(ZSTD(1)), low_time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
       high Float64 CODEC(ZSTD(1)), high_time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
       head Float64 CODEC(ZSTD(1)), head_time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
       tail Float64 CODEC(ZSTD(1)), tail_time DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
       computed UInt64 CODEC(ZSTD(1)))
     ENGINE = ReplacingMergeTree(computed) PARTITION BY toYear(hour) ORDER BY (${seriesKey}, hour)
     SETTINGS ${keeping}`,
    // Hours whose roll-up is behind: +1 by the one who changes them, −1 by the one who has computed them anew.
    `CREATE TABLE IF NOT EXISTS rollup_marks (house_id UInt32, hour DateTime('UTC'), token UUID, sign Int8)
     ENGINE = CollapsingMergeTree(sign) ORDER BY (house_id, hour, token)`,
    `CREATE TABLE IF NOT EXISTS rollup_state (id UInt8, until DateTime('UTC'))
     ENGINE = ReplacingMergeTree(until) ORDER BY id`,
    'INSERT INTO rollup_state SELECT 1, toStartOfHour(now()) - INTERVAL 3 HOUR',
  ],
]

/** The tables that hold what belongs to houses, each with a partition that it can never have. */
export const emptyPartitions = {
  samples: '190001',
  forecasts: '190001',
  series: '9',
  rollup_hourly: '1900',
  rejected: '19000101',
} as const
export type HouseTable = keyof typeof emptyPartitions
export const tables = Object.keys(emptyPartitions) as HouseTable[]
