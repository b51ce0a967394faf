/** A Tibber home, as far as both integrations must know it. */
import { type Static, Type } from 'typebox'
import { Maybe } from '../schema.ts'

export const Home = Type.Object({
  id: Type.String(),
  appNickname: Maybe(Type.String()),
  address: Maybe(Type.Object({ address1: Maybe(Type.String()) })),
})

/** What the owner calls it; else its street, else its id. */
export const nameOf = ({ id, appNickname, address }: Static<typeof Home>): string =>
  appNickname || address?.address1 || id
