import { body, type VendorAnswers } from '../answers.testing.ts'

const observations = 'Frost: observations of weather stations, which nobody has asked for; it takes a key of its own'

export const metAnswers: VendorAnswers = {
  rows: {
    'locationforecast_compact_200.json': [
      {
        as: 'met',
        answer: body,
        gives: 82,
        first: {
          time: '2020-07-20T11:00:00Z',
          issued: '2020-07-20T01:30:57Z',
          fields: { temperature: 30.4, humidity: 56.5, precipitationAmount: 0, symbolCode: 'clearsky_day' },
        },
        last: { time: '2020-07-29T06:00:00Z', fields: { temperature: 37.6, precipitationAmount: undefined } },
      },
    ],
    'locationforecast_complete_200.json': [
      {
        as: 'met',
        answer: body,
        gives: 82,
        first: { fields: { temperature: 18.8, dewPointTemperature: 7.2 } },
        last: { fields: { temperature: 17.4, temperatureMax6Hours: undefined, symbolCode12Hours: undefined } },
      },
    ],
    'locationforecast_complete_nordic_excerpt.json': [
      {
        as: 'met',
        answer: body,
        gives: 1,
        first: {
          fields: {
            windSpeedOfGust: 6.6,
            cloudAreaFraction: 58,
            probabilityOfPrecipitation: 0,
            probabilityOfPrecipitation6Hours: 1.1,
            probabilityOfPrecipitation12Hours: 2.2,
            temperatureMin6Hours: 18.4,
            temperatureMax6Hours: 20.7,
            symbolCode12Hours: 'partlycloudy_day',
          },
        },
      },
    ],
    'nowcast_complete_200_no_radar_coverage.json': [
      { as: 'met', answer: body, gives: 1, first: { fields: { temperature: -7.5, precipitationAmount: 0 } } },
    ],
    'nowcast_complete_200_radar_ok.json': [{ as: 'met', answer: body, gives: 1 }],
    'not_modified_304.json': [{ as: 'met', answer: body, gives: 'changed' }],
    'frost_observations_200_air_temperature.json': [{ as: 'met', answer: body, gives: 'changed' }],
    'frost_observations_200_precipitation.json': [{ as: 'met', answer: body, gives: 'changed' }],
    'frost_sources_200.json': [{ as: 'met', answer: body, gives: 'changed' }],
  },
  notCalled: {
    'errors_locationforecast.json': 'texts beside a status: the status decides, by the general rule of the host',
    'frost_error_401.json': observations,
    'frost_errors.json': observations,
  },
}
