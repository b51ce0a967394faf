/**
 * Who asks and what house it is, remembered for some seconds, so that not every request asks PostgreSQL. It stands
 * between the routes and the store, so that whatever changes a right here is forgotten in the same call, and told to the
 * other processes; what no event tells ends with the time.
 */
import { hash } from 'node:crypto'
import type { Asker, House, Store, Tenant } from '@nabolag/store'

export type RightsOptions = {
  /** Told when a right has changed here, for the other processes. */
  readonly onChange: () => void
  /** ms that something may be remembered; 5,000 when absent. */
  readonly lasts?: number
  /** Askers remembered at most; 5,000 when absent. */
  readonly most?: number
}

type Remembered = { readonly asker: Asker; readonly until: number }
/** The store as one asker sees it, with the houses seen; as old as the asker. */
type Seen = { readonly tenant: Tenant; readonly houses: Map<number, House> }

const usualMillis = 5000
const usualMost = 5000
const mostHouses = 100

/** The store, as it is but quicker; `forget` when rights have changed elsewhere. */
export function rememberRights(
  store: Store,
  { onChange, lasts = usualMillis, most = usualMost }: RightsOptions,
): { store: Store; forget: () => void } {
  const askers = new Map<string, Remembered>()
  let seen = new WeakMap<Asker, Seen>()
  /** What was asked before a change must not be remembered after it. */
  let changes = 0
  const forget = () => {
    changes++
    askers.clear()
    seen = new WeakMap()
  }
  const changed = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    try {
      return await act()
    } finally {
      forget()
      onChange()
    }
  }

  const askerOf: Store['people']['askerOf'] = async (given) => {
    const secret = given.bearer === undefined ? `c${given.cookie}` : `b${given.bearer}`
    const key = hash('sha256', secret, 'base64')
    const known = askers.get(key)
    const now = performance.now()
    if (known && known.until > now) return known.asker
    askers.delete(key)
    const before = changes
    const asker = await store.people.askerOf(given)
    if (asker && before === changes) {
      askers.set(key, { asker, until: now + lasts })
      for (const oldest of askers.keys()) {
        if (askers.size <= most) break
        askers.delete(oldest)
      }
    }
    return asker
  }

  const tenantOf = (asker: Asker, houses: Map<number, House>): Tenant => {
    const tenant = store.as(asker)
    return {
      ...tenant,
      house: async (houseId) => {
        const known = houses.get(houseId)
        if (known) return known
        const before = changes
        const house = await tenant.house(houseId)
        if (before === changes && houses.size < mostHouses) houses.set(houseId, house)
        return house
      },
      createHouse: (house) => changed(() => tenant.createHouse(house)),
      changeHouse: (houseId, change) => changed(() => tenant.changeHouse(houseId, change)),
      deleteHouse: (houseId) => changed(() => tenant.deleteHouse(houseId)),
      setMember: (houseId, username, role) => changed(() => tenant.setMember(houseId, username, role)),
      removeMember: (houseId, username) => changed(() => tenant.removeMember(houseId, username)),
      revokeToken: (tokenId) => changed(() => tenant.revokeToken(tokenId)),
    }
  }

  return {
    forget,
    store: {
      ...store,
      people: {
        ...store.people,
        askerOf,
        signOut: (cookie) => changed(() => store.people.signOut(cookie)),
        setPassword: (username, password, by) => changed(() => store.people.setPassword(username, password, by)),
        useSetupLink: (token, user) => changed(() => store.people.useSetupLink(token, user)),
      },
      as: (asker) => {
        const known = seen.get(asker)
        if (known) return known.tenant
        const houses = new Map<number, House>()
        const tenant = tenantOf(asker, houses)
        seen.set(asker, { tenant, houses })
        return tenant
      },
    },
  }
}
