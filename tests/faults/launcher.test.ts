import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { removeFolder, startStack, until } from '../stack.ts'

test('a killed launcher leaves no orphan, and the next start on its folder works', { timeout: 400_000 }, async () => {
  const first = await startStack({ timeout: 120_000 })
  try {
    const made = await first.ask('/api/houses/new', { method: 'POST', body: { name: 'Kept' } })
    expect(made.status).toBe(200)
    const children = first.children()
    expect(children.length).toBeGreaterThanOrEqual(6)
    await first.kill()
    await until('every child has ended', () => children.every(({ pid }) => !existsSync(`/proc/${pid}`)), 10_000)
    const second = await startStack({ folder: first.folder, timeout: 120_000 })
    try {
      const houses = (await second.ask('/api/houses/')).body as { name: string }[]
      expect(houses.map(({ name }) => name)).toContain('Kept')
    } finally {
      const began = Date.now()
      expect(await second.stop()).toBe(0)
      expect(Date.now() - began).toBeLessThan(10_000)
    }
  } finally {
    removeFolder(first.folder)
  }
})

test('a second start on the same folder is refused and disturbs nothing', { timeout: 240_000 }, async () => {
  const stack = await startStack({ timeout: 120_000 })
  try {
    await expect(startStack({ folder: stack.folder, timeout: 20_000 })).rejects.toThrow(/already running/)
    expect((await stack.ask('/api/houses/')).status).toBe(200)
  } finally {
    await stack.stop()
    removeFolder(stack.folder)
  }
})
