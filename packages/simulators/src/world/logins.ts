/** E-mail and password of a house (by its number) at a simulated vendor that knows it by nothing else. */
export const loginAt = (vendor: 'mill' | 'systemair' | 'verisure', house: number) => ({
  username: vendor === 'mill' ? `house-${house}@mill.example` : `house-${house}@example.org`,
  password: `sim-${vendor}-house-${house}`,
})
