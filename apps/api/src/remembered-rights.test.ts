/** Rights are remembered, but never longer than they hold. The store is a stand-in that counts what it is asked. */
import { Problem } from '@nabolag/core'
import type { Asker, House, Store, Tenant } from '@nabolag/store'
import { describe, expect, test } from 'vitest'
import { rememberRights } from './remembered-rights.ts'

const house = (id: number) => ({ id, name: `House ${id}`, role: 'owner' }) as House

/** Whoever is in `valid` is somebody; houses in `open` may be seen. `meanwhile` runs before a look-up answers. */
function makeStand(options: { lasts?: number; most?: number } = {}) {
  const valid = new Set(['a', 'b', 'c'])
  const open = new Set([3, 4])
  const asked = { askers: 0, houses: 0, told: 0 }
  const hooks: { meanwhile?: (() => Promise<unknown>) | undefined } = {}
  const wait = async () => {
    const { meanwhile } = hooks
    hooks.meanwhile = undefined
    await meanwhile?.()
  }
  const end = (secret: string) => async () => void valid.delete(secret)
  const store = {
    people: {
      cookieName: 'c',
      askerOf: async ({ cookie, bearer }: { cookie?: string; bearer?: string }) => {
        asked.askers++
        const secret = bearer ?? cookie ?? ''
        const found: Asker | undefined = valid.has(secret)
          ? { userId: secret, username: secret, role: 'user', scopes: ['read'] }
          : undefined
        await wait()
        return found
      },
      signOut: end('a'),
      setPassword: end('a'),
      useSetupLink: async () => undefined,
    },
    as: (asker: Asker) =>
      ({
        asker,
        house: async (id: number) => {
          asked.houses++
          const there = open.has(id)
          await wait()
          if (!there) throw Problem('no-such-house')
          return house(id)
        },
        revokeToken: end('a'),
        removeMember: async () => void open.delete(3),
        setMember: async () => {
          open.delete(3)
          return []
        },
        deleteHouse: async () => void open.delete(3),
        changeHouse: async () => void open.delete(3),
        createHouse: async () => {
          throw Problem('not-allowed')
        },
      }) as unknown as Tenant,
  } as unknown as Store
  const remembered = rememberRights(store, { ...options, onChange: () => void asked.told++ })
  const askerOf = (bearer: string) => remembered.store.people.askerOf({ bearer })
  const tenant = async () => {
    const asker = await askerOf('a')
    if (!asker) throw new Error('nobody')
    return remembered.store.as(asker)
  }
  return { ...remembered, valid, open, asked, hooks, askerOf, tenant }
}

describe('remembered rights', () => {
  test('spare the store what it was asked a moment ago', async () => {
    const { askerOf, tenant, asked } = makeStand()
    for (let count = 0; count < 5; count++) {
      expect((await askerOf('a'))?.userId).toBe('a')
      expect((await (await tenant()).house(3)).id).toBe(3)
    }
    expect(asked).toEqual({ askers: 1, houses: 1, told: 0 })
  })

  test('of a cookie and of a token with the same text are two', async () => {
    const { store, valid, askerOf } = makeStand()
    expect(await askerOf('a')).toBeDefined()
    valid.delete('a')
    expect(await store.people.askerOf({ cookie: 'a' })).toBeUndefined()
  })

  test('are never a refusal: who is let in later is in at once', async () => {
    const { askerOf, tenant, valid, open } = makeStand()
    expect(await askerOf('new')).toBeUndefined()
    valid.add('new')
    expect(await askerOf('new')).toBeDefined()
    await expect((await tenant()).house(9)).rejects.toMatchObject({ code: 'no-such-house' })
    open.add(9)
    expect((await (await tenant()).house(9)).id).toBe(9)
  })

  const endsTheAsker = {
    'a revoked token': async ({ tenant }) => (await tenant()).revokeToken(1),
    'signing out': ({ store }) => store.people.signOut('x'),
    'a new password': ({ store }) => store.people.setPassword('a', 'new', {} as Asker),
  } satisfies Record<string, (stand: ReturnType<typeof makeStand>) => Promise<unknown>>
  test.each(Object.entries(endsTheAsker))(
    '%s ends them in the same call, and tells the others once',
    async (_, act) => {
      const stand = makeStand()
      expect(await stand.askerOf('a')).toBeDefined()
      await act(stand)
      expect(await stand.askerOf('a')).toBeUndefined()
      expect(stand.asked.told).toBe(1)
    },
  )

  const closesTheHouse = {
    'a removed member': (tenant) => tenant.removeMember(3, 'a'),
    'another role': (tenant) => tenant.setMember(3, 'a', 'reader'),
    'a deleted house': (tenant) => tenant.deleteHouse(3),
    'a changed house': (tenant) => tenant.changeHouse(3, {}),
  } satisfies Record<string, (tenant: Tenant) => Promise<unknown>>
  test.each(Object.entries(closesTheHouse))('%s ends them in the same call', async (_, act) => {
    const stand = makeStand()
    const before = await stand.tenant()
    await before.house(3)
    await act(before)
    await expect((await stand.tenant()).house(3)).rejects.toMatchObject({ code: 'no-such-house' })
    expect(stand.asked.told).toBe(1)
  })

  test('are forgotten even where the change failed: it may be done in part', async () => {
    const stand = makeStand()
    await expect((await stand.tenant()).createHouse()).rejects.toMatchObject({ code: 'not-allowed' })
    await stand.askerOf('a')
    expect(stand.asked).toMatchObject({ askers: 2, told: 1 })
  })

  test('end when another process says so', async () => {
    const stand = makeStand()
    await (await stand.tenant()).house(3)
    stand.valid.delete('a')
    stand.forget()
    expect(await stand.askerOf('a')).toBeUndefined()
  })

  test('that are being asked for while they change are not kept', async () => {
    const stand = makeStand()
    stand.hooks.meanwhile = async () => {
      stand.valid.delete('a')
      stand.forget()
    }
    expect(await stand.askerOf('a')).toBeDefined()
    expect(await stand.askerOf('a')).toBeUndefined()
    stand.valid.add('a')
    const tenant = await stand.tenant()
    stand.hooks.meanwhile = async () => {
      stand.open.delete(3)
      stand.forget()
    }
    await tenant.house(3)
    await expect((await stand.tenant()).house(3)).rejects.toMatchObject({ code: 'no-such-house' })
  })

  test('end by themselves, houses with the asker, where nobody said anything', async () => {
    const stand = makeStand({ lasts: 30 })
    await (await stand.tenant()).house(3)
    stand.open.delete(3)
    await expect
      .poll(async () =>
        (await stand.tenant()).house(3).then(
          () => 'open',
          () => 'closed',
        ),
      )
      .toBe('closed')
    stand.valid.delete('a')
    await expect.poll(() => stand.askerOf('a')).toBeUndefined()
  })

  test('are bounded in number: the oldest goes', async () => {
    const stand = makeStand({ most: 2 })
    for (const secret of ['a', 'b', 'c', 'b', 'c']) await stand.askerOf(secret)
    expect(stand.asked.askers).toBe(3)
    await stand.askerOf('a')
    expect(stand.asked.askers).toBe(4)
  })
})
