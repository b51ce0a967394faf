import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readAnnotated } from './annotated.ts'
import { readCsvRows } from './csv-rows.ts'
import { readLineProtocol } from './lines.ts'
import { type PlainOptions, readPlain } from './plain.ts'
import type { Reader } from './row.ts'
import { timeReader } from './times.ts'

const noon = Date.parse('2023-05-08T12:00:00Z') * 1000
const all = (reader: Reader, text: string) => reader.read(text, true).rows
const brief = (reader: Reader, text: string) =>
  all(reader, text).map((row) =>
    'given' in row ? row.given : 'problem' in row ? `${row.line}: ${row.problem}` : 'empty',
  )

describe('rows of CSV', () => {
  test('quotes, delimiters and lines within cells', () => {
    const { rows } = readCsvRows('a,"b,""c""",\r\n"two\nlines",x\n,', { delimiter: ',', firstLine: 1, ended: true })
    expect(rows).toEqual([
      { line: 1, text: 'a,"b,""c""",', cells: ['a', 'b,"c"', ''] },
      { line: 2, text: '"two\nlines",x', cells: ['two\nlines', 'x'] },
      { line: 4, text: ',', cells: ['', ''] },
    ])
  })

  test('what was written is read, wherever the text is cut', () => {
    const cell = fc.string({ maxLength: 6, unit: fc.constantFrom('a', ',', '"', '\n', ' ', 'ø', ';') })
    const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
        fc.nat(),
        (table, cut) => {
          const text = table.map((row) => row.map(quoted).join(',')).join('\n')
          const at = cut % (text.length + 1)
          const first = readCsvRows(text.slice(0, at), { delimiter: ',', firstLine: 1, ended: false })
          const last = readCsvRows(first.rest + text.slice(at), {
            delimiter: ',',
            firstLine: first.nextLine,
            ended: true,
          })
          expect([...first.rows, ...last.rows].map(({ cells }) => cells)).toEqual(table)
        },
      ),
      { numRuns: 1000 },
    )
  })
})

describe('times', () => {
  test.each([
    ['UTC', '2023-05-08T12:00:00Z', '2023-05-08T12:00:00Z'],
    ['UTC', '2023-05-08 12:00', '2023-05-08T12:00:00Z'],
    ['Europe/Oslo', '2023-05-08T12:00:00Z', '2023-05-08T12:00:00Z'],
    ['Europe/Oslo', '2023-05-08T12:00:00+01:00', '2023-05-08T11:00:00Z'],
    ['Europe/Oslo', '2023-05-08T12:00:00', '2023-05-08T10:00:00Z'],
    ['Europe/Oslo', '2023-01-08', '2023-01-07T23:00:00Z'],
    ['Europe/Oslo', '8.5.2023 12:00', '2023-05-08T10:00:00Z'],
    ['Europe/Oslo', '08.05.2023 12.00.30', '2023-05-08T10:00:30Z'],
    // The clock is put back: 02:30 comes twice, the earlier one counts.
    ['Europe/Oslo', '2023-10-29T01:30', '2023-10-28T23:30:00Z'],
    ['Europe/Oslo', '2023-10-29T02:30', '2023-10-29T00:30:00Z'],
    ['Europe/Oslo', '2023-10-29T03:30', '2023-10-29T02:30:00Z'],
    // Put forward: 02:30 is not there.
    ['Europe/Oslo', '2023-03-26T01:30', '2023-03-26T00:30:00Z'],
    ['Europe/Oslo', '2023-03-26T02:30', '2023-03-26T01:30:00Z'],
    ['Europe/Oslo', '2023-03-26T03:30', '2023-03-26T01:30:00Z'],
    ['UTC', '1683547200', '2023-05-08T12:00:00Z'],
    ['UTC', '1683547200000', '2023-05-08T12:00:00Z'],
    ['UTC', '1683547200000000', '2023-05-08T12:00:00Z'],
    ['UTC', '1683547200000000000', '2023-05-08T12:00:00Z'],
  ])('%s %s', (zone, text, utc) => expect(timeReader(zone)(text)).toBe(Date.parse(utc) * 1000))

  test.each(['', 'yesterday', '2023-13-01', '31.2.2023', '12'])('not a time: %j', (text) => {
    expect(timeReader('UTC')(text)).toBeUndefined()
  })
})

describe('annotated CSV', () => {
  const query = [
    '#group,false,false,true,true,false,false,true,true,true,true',
    '#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string,string',
    '#default,_result,,,,,,,,,',
    ',result,table,_start,_stop,_time,_value,_field,_measurement,house_id,location',
    ',,0,2023-05-01T00:00:00Z,2023-06-01T00:00:00Z,2023-05-08T12:00:00Z,19.7,temperature,airSensor,3,"Stue, sentrum"',
    ',,0,2023-05-01T00:00:00Z,2023-06-01T00:00:00Z,not a time,19.8,temperature,airSensor,3,Bad',
    '',
    '#group,false,false,false,false,true,true',
    '#datatype,string,long,dateTime:RFC3339,boolean,string,string',
    '#default,_result,,,,,heatPumpController',
    ',result,table,_time,_value,_field,_measurement',
    ',,1,2023-05-08T12:00:00Z,true,on,',
    ',,1,2023-05-08T12:00:00.5Z,,on,',
    '',
  ].join('\r\n')

  test('several tables, defaults, and what is wrong with its line', () => {
    expect(brief(readAnnotated(), query)).toEqual([
      {
        measurement: 'airSensor',
        tags: { house_id: '3', location: 'Stue, sentrum' },
        fields: { temperature: 19.7 },
        time: noon,
      },
      '6: the time not a time cannot be read',
      { measurement: 'heatPumpController', tags: {}, fields: { on: true }, time: noon },
      'empty',
    ])
  })

  test('pivoted: the columns of the group key are tags, the others fields', () => {
    const text = [
      '#group,false,false,false,false,false,true,true',
      '#datatype,string,long,dateTime:RFC3339,double,string,string,string',
      '#default,_result,,,,,,',
      ',result,table,_time,temperature,remark,_measurement,room',
      ',,0,2023-05-08T12:00:00Z,19.7,12,airSensor,bath',
      ',,0,2023-05-08T12:00:00Z,,,airSensor,bath',
    ].join('\n')
    expect(brief(readAnnotated(), text)).toEqual([
      { measurement: 'airSensor', tags: { room: 'bath' }, fields: { temperature: 19.7, remark: '12' }, time: noon },
      'empty',
    ])
  })

  test('without annotations, and as `influx write` has it', () => {
    const bare = ',result,table,_time,_value,_field,_measurement\n,,0,2023-05-08T12:00:00Z,1,eco2,airSensor\n'
    expect(brief(readAnnotated(), bare)).toEqual([
      { measurement: 'airSensor', tags: {}, fields: { eco2: 1 }, time: noon },
    ])
    const extended = [
      '#constant measurement,airSensor',
      '#constant tag,location,Stue',
      '#datatype dateTime:RFC3339,tag,double,ignored',
      'at,room,eco2,extra',
      '2023-05-08T12:00:00Z,a,450,x',
    ].join('\n')
    expect(brief(readAnnotated(), extended)).toEqual([
      { measurement: 'airSensor', tags: { location: 'Stue', room: 'a' }, fields: { eco2: 450 }, time: noon },
    ])
  })

  test('an error of InfluxDB in the middle is told', () => {
    const text = `${query}#datatype,string,string\n#group,true,true\n#default,,\n,error,reference\n,query timed out,897\n`
    expect(brief(readAnnotated(), text).at(-1)).toBe('18: InfluxDB says: query timed out')
  })

  test('a reader goes on after any piece, with what it knows as plain data', () => {
    fc.assert(
      fc.property(fc.nat(query.length), (at) => {
        const first = readAnnotated()
        const begun = first.read(query.slice(0, at), false)
        const second = readAnnotated(JSON.parse(JSON.stringify(first.state())))
        const rows = [...begun.rows, ...second.read(begun.rest + query.slice(at), true).rows]
        expect(rows).toEqual(all(readAnnotated(), query))
      }),
      { numRuns: 300 },
    )
  })
})

describe('plain CSV', () => {
  const options: PlainOptions = { group: 'airSensor', time: undefined, zone: 'UTC', map: {} }

  test('columns by their names, by the map, and those that are not taken', () => {
    const reader = readPlain({ ...options, map: { 'Temp (C)': 'temperature', Rom: 'location' } })
    const text = 'Time,Temp (C),humidity,Rom,comment\n2023-05-08 12:00,19.7,40,Stue,x\n2023-05-08 12:00,,,Stue,x\n'
    expect(brief(reader, text)).toEqual([
      { measurement: 'airSensor', tags: { location: 'Stue' }, fields: { temperature: 19.7, humidity: 40 }, time: noon },
      'empty',
    ])
    expect(reader.ignored).toEqual(['comment'])
  })

  test('semicolons, decimal commas, Norwegian dates', () => {
    const text = 'Tidspunkt;temperature\n8.5.2023 14:00;19,7\n8.5.2023 14:00;warm\n;1\n'
    expect(brief(readPlain({ ...options, zone: 'Europe/Oslo' }), text)).toEqual([
      { measurement: 'airSensor', tags: {}, fields: { temperature: 19.7 }, time: noon },
      { measurement: 'airSensor', tags: {}, fields: { temperature: 'warm' }, time: noon },
      '4: the time is empty',
    ])
  })

  test('our own export', () => {
    const text = [
      '"time","value","text","group","field","device","count","location","tags"',
      '"2023-05-08T12:00:00Z",19.7,"","airSensor","temperature","mill",1,"Stue","{""a"":""b""}"',
      '"2023-05-08T12:00:00Z",0,"heat","heatPumpController","mode","pump",0,"",""',
    ].join('\n')
    expect(brief(readPlain({ ...options, group: undefined }), text)).toEqual([
      {
        measurement: 'airSensor',
        tags: { device_name: 'mill', count: '1', location: 'Stue', a: 'b' },
        fields: { temperature: 19.7 },
        time: noon,
      },
      {
        measurement: 'heatPumpController',
        tags: { device_name: 'pump', count: '0' },
        fields: { mode: 'heat' },
        time: noon,
      },
    ])
  })

  test.each([
    ['a,b\n1,2\n', /--time which column/],
    ['time,b\n1,2\n', /No column is a field of airSensor.*--map/],
  ])('a header that does not tell enough: %j', (text, message) => {
    expect(() => readPlain(options).read(text, true)).toThrow(message)
  })
  test('a map of a column that is not there, and no group', () => {
    expect(() => readPlain({ ...options, map: { x: 'eco2' } }).read('time,b\n', true)).toThrow(/no column x/)
    expect(() => readPlain({ ...options, group: undefined }).read('time,b\n', true)).toThrow(/--group/)
  })
})

test('line protocol: an export of InfluxDB 1, with its head', () => {
  const text =
    '# DDL\nCREATE DATABASE home WITH NAME autogen\n# DML\n# CONTEXT-DATABASE:home\nairSensor,house_id=3 eco2=1i 1683547200000000000\nairSensor eco2=2\n'
  expect(brief(readLineProtocol('ns'), text)).toEqual([
    'empty',
    { measurement: 'airSensor', tags: { house_id: '3' }, fields: { eco2: 1 }, time: noon },
    '6: there is no time',
  ])
})
