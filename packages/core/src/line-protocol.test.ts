import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LinePoint, readLines, readLinesOf, type TimePrecision, writeLine } from './line-protocol.ts'

const points = (text: string, precision?: TimePrecision) =>
  readLines(text, precision).map((read) => ('point' in read ? read.point : read.problem))
const only = (text: string, precision?: TimePrecision): LinePoint => {
  const [read, ...more] = readLines(text, precision)
  expect(more).toEqual([])
  if (!read || !('point' in read)) throw new Error(`not a point: ${JSON.stringify(read)}`)
  return read.point
}

describe('what a line says', () => {
  test('measurement, tags, fields and time', () => {
    expect(only('airSensor,house_id=3,location=Stue temperature=19.7,humidity=40i 1683525600123456789')).toEqual({
      measurement: 'airSensor',
      tags: { house_id: '3', location: 'Stue' },
      fields: { temperature: 19.7, humidity: 40 },
      time: 1683525600123456,
    })
  })

  test.each([
    ['1', 1],
    ['-1.5', -1.5],
    ['1.', 1],
    ['.5', 0.5],
    ['+3', 3],
    ['1e3', 1000],
    ['-1.5E-2', -0.015],
    ['42i', 42],
    ['-42i', -42],
    ['42u', 42],
    ['t', true],
    ['TRUE', true],
    ['False', false],
    ['"a text"', 'a text'],
    ['""', ''],
    ['"a \\"b\\" \\\\ c, d=e"', 'a "b" \\ c, d=e'],
    ['"a\\nb"', 'a\\nb'],
    ['"two\nlines"', 'two\nlines'],
  ])('the value %s', (text, value) => expect(only(`m f=${text} 1`).fields).toEqual({ f: value }))

  test('escapes in names and tag values', () => {
    expect(only('a\\ b\\,c\\=d,ta\\ g=va\\,l\\=ue\\ 1,p=C:\\dir fi\\=eld=1')).toEqual({
      measurement: 'a b,c\\=d',
      tags: { 'ta g': 'va,l=ue 1', p: 'C:\\dir' },
      fields: { 'fi=eld': 1 },
      time: undefined,
    })
  })

  test.each([
    ['ns', '1683525600123456789', 1683525600123456],
    ['us', '1683525600123456', 1683525600123456],
    ['ms', '1683525600123', 1683525600123000],
    ['s', '1683525600', 1683525600000000],
    ['ns', '-1', -1],
    ['ns', '-1000', -1],
    ['ns', '999', 0],
  ] as const)('a time in %s: %s', (precision, text, micros) => {
    expect(only(`m f=1 ${text}`, precision).time).toBe(micros)
  })

  test('empty lines, comments and ends of lines of every kind', () => {
    expect(readLines('\n# a comment\r\n  m f=1 1\r\n\t\nm f="x"\r\n   m f=2   3   \r\n')).toMatchObject([
      { line: 3, text: '  m f=1 1', point: { fields: { f: 1 }, time: 0 } },
      { line: 5, point: { fields: { f: 'x' } } },
      { line: 6, point: { fields: { f: 2 } } },
    ])
  })
})

describe('what is wrong is told with its line, and the rest is read', () => {
  test.each([
    ['m', 'the fields are missing'],
    ['m,a=1', 'the fields are missing'],
    [',a=1 f=1', 'the measurement is missing'],
    ['m,a= f=1', 'the tag a has no value'],
    ['m,=1 f=1', 'a tag has no name'],
    ['m,a f=1', 'the tag a has no value'],
    ['m,a=1,a=2 f=1', 'the tag a is there twice'],
    ['m f', 'the field f has no value'],
    ['m f=', 'the field f has no value'],
    ['m =1', 'a field has no name'],
    ['m f=abc', 'the field f is neither a number, true or false, nor a text in quotes: abc'],
    ['m f=NaN', 'the field f is neither a number, true or false, nor a text in quotes: NaN'],
    ['m f=1.5i', 'the field f is neither a number, true or false, nor a text in quotes: 1.5i'],
    ['m f=-1u', 'the field f is neither a number, true or false, nor a text in quotes: -1u'],
    ['m f=9223372036854775808i', 'the field f is beyond 64 bits'],
    ['m f=1e999', 'the field f is too large a number'],
    ['m f="open', 'the text of the field f is not closed with a quote'],
    ['m f="a"b', 'a value is followed by more text'],
    ['m f=1 2023-05-08', 'the time 2023-05-08 is not a whole number of ns since 1970'],
    ['m f=1 1 2', 'there is more text after the time 1'],
  ])('%s', (line, problem) => {
    expect(readLines(`m f=1 1\n${line}\nm f=2 2\n`)).toMatchObject([
      { line: 1, point: { fields: { f: 1 } } },
      { line: 2, text: line, problem },
      { line: 3, point: { fields: { f: 2 } } },
    ])
  })

  test('a text over several lines counts them', () => {
    expect(readLines('m f="a\nb\n" 1\nbad\n')).toMatchObject([{ line: 1 }, { line: 4, problem: expect.any(String) }])
  })
})

const name = fc
  .string({ minLength: 1, maxLength: 8, unit: 'grapheme' })
  .filter((text) => !/[\p{Cc}\\]|^[\s#"]/u.test(text))
const text = fc.string({ maxLength: 12, unit: 'grapheme' }).filter((given) => !given.includes('\r'))
const point: fc.Arbitrary<LinePoint> = fc.record({
  measurement: name,
  tags: fc.dictionary(name, name, { maxKeys: 4 }),
  fields: fc.dictionary(
    name,
    fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
      fc.boolean(),
      text,
    ),
    { minKeys: 1, maxKeys: 4 },
  ),
  time: fc.option(fc.integer({ min: -1e15, max: 4e15 }), { nil: undefined }),
})

describe('for any text', () => {
  test('what was written is read again, at whatever place the text is cut', () => {
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 5 }), fc.nat(), (given, cut) => {
        const whole = given.map(writeLine).join('\n')
        expect(points(whole)).toEqual(given)
        const at = cut % (whole.length + 1)
        const first = readLinesOf(whole.slice(0, at), { precision: 'ns', firstLine: 1, ended: false })
        const second = readLinesOf(first.rest + whole.slice(at), {
          precision: 'ns',
          firstLine: first.nextLine,
          ended: true,
        })
        expect([...first.lines, ...second.lines]).toEqual(readLines(whole))
      }),
      { numRuns: 500 },
    )
  })

  test('a text that is cut at its closing quote is waited for', () => {
    const first = readLinesOf('m f="a\nb"', { precision: 'ns', firstLine: 1, ended: false })
    expect(first).toEqual({ lines: [], rest: 'm f="a\nb"', nextLine: 1 })
  })

  test('nothing throws, and every problem has the number of a line of the text', () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('m', ',', '=', ' ', '"', '\\', '\n', '\r', '1', 'i', 'f=1', '#', '-', 'true'),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const garbage = pieces.join('')
        const read = readLines(garbage)
        const lines = garbage.split('\n')
        let before = 0
        for (const one of read) {
          expect(one.line).toBeGreaterThan(before)
          before = one.line
          expect(lines[one.line - 1]).toBe(
            one.text.split('\n')[0] + (lines[one.line - 1]!.endsWith('\r') && !one.text.includes('\n') ? '\r' : ''),
          )
          if ('problem' in one) expect(one.problem).not.toBe('')
        }
      }),
      { numRuns: 2000 },
    )
  })
})
