/** The part of Tibber's schema that clients of prices, consumption and live power use. */
import { buildSchema } from 'graphql'

export const schema = buildSchema(`
  type Query { viewer: Viewer! }
  type Mutation { sendPushNotification(input: PushNotificationInput!): PushNotificationResponse! }
  type Subscription { liveMeasurement(homeId: ID!): LiveMeasurement testMeasurement(homeId: ID, count: Int, complete: Boolean): LiveMeasurement }

  input PushNotificationInput { title: String message: String! screenToOpen: String }
  type PushNotificationResponse { successful: Boolean! pushedToNumberOfDevices: Int! }

  type Viewer {
    login: String userId: String! name: String accountType: [String!]!
    homes: [Home]! home(id: ID!): Home! websocketSubscriptionUrl: String
  }
  type Home {
    id: ID! timeZone: String! appNickname: String appAvatar: String! size: Int type: String! numberOfResidents: Int
    primaryHeatingSource: String hasVentilationSystem: Boolean mainFuseSize: Int
    address: Address meteringPointData: MeteringPointData
    currentSubscription: PowerDeal subscriptions: [PowerDeal]!
    consumption(resolution: EnergyResolution!, first: Int, last: Int, before: String, after: String, filterEmptyNodes: Boolean): ConsumptionConnection
    production(resolution: EnergyResolution!, first: Int, last: Int, before: String, after: String, filterEmptyNodes: Boolean): ProductionConnection
    features: HomeFeatures
  }
  type HomeFeatures { realTimeConsumptionEnabled: Boolean }
  type Address { address1: String address2: String address3: String city: String postalCode: String country: String latitude: String longitude: String }
  type MeteringPointData { consumptionEan: String productionEan: String gridCompany: String gridAreaCode: String priceAreaCode: String estimatedAnnualConsumption: Int }
  enum EnergyResolution { HOURLY DAILY WEEKLY MONTHLY ANNUAL }
  enum PriceInfoResolution { HOURLY QUARTER_HOURLY }
  enum PriceInfoRangeResolution { DAILY HOURLY QUARTER_HOURLY }
  type PowerDeal {
    id: ID! validFrom: String validTo: String status: String
    priceInfo(resolution: PriceInfoResolution = HOURLY): PriceInfo
    priceInfoRange(resolution: PriceInfoRangeResolution!, first: Int, last: Int, before: String, after: String): PriceInfoRange
  }
  type PriceInfo { current: Price today: [Price]! tomorrow: [Price]! }
  type PriceInfoRange { nodes: [Price]! }
  type Price { total: Float energy: Float tax: Float startsAt: String currency: String! level: String }
  type PageInfo { startCursor: String endCursor: String hasNextPage: Boolean hasPreviousPage: Boolean count: Int currency: String totalCost: Float totalConsumption: Float filtered: Int! }
  type ConsumptionConnection { pageInfo: PageInfo! nodes: [Consumption] edges: [ConsumptionEdge] }
  type ConsumptionEdge { cursor: String node: Consumption }
  type Consumption { from: String! to: String! unitPrice: Float unitPriceVAT: Float consumption: Float consumptionUnit: String cost: Float currency: String }
  type ProductionConnection { nodes: [Production] }
  type Production { from: String! to: String! unitPrice: Float production: Float productionUnit: String profit: Float currency: String }
  type LiveMeasurement {
    timestamp: String! power: Float! lastMeterConsumption: Float accumulatedConsumption: Float! accumulatedProduction: Float!
    accumulatedConsumptionLastHour: Float! accumulatedProductionLastHour: Float! accumulatedCost: Float accumulatedReward: Float
    currency: String minPower: Float! averagePower: Float! maxPower: Float! powerProduction: Float powerReactive: Float
    powerProductionReactive: Float minPowerProduction: Float maxPowerProduction: Float lastMeterProduction: Float powerFactor: Float
    voltagePhase1: Float voltagePhase2: Float voltagePhase3: Float currentL1: Float currentL2: Float currentL3: Float
    currentPhase1: Float currentPhase2: Float currentPhase3: Float signalStrength: Int
  }
`)
