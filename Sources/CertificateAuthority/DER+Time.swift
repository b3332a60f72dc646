import FoundationEssentials
import SwiftASN1

extension DER.Serializer {
  /// UTCTime through 2049, GeneralizedTime from 2050 on, in whole seconds of UTC (RFC 5280, section 4.1.2.5).
  mutating func serializeTime(_ date: Date) throws {
    let time = CivilTime(date)
    if (1950..<2050).contains(time.year) {
      try serialize(
        UTCTime(
          year: time.year,
          month: time.month,
          day: time.day,
          hours: time.hour,
          minutes: time.minute,
          seconds: time.second
        )
      )
    } else {
      try serialize(
        GeneralizedTime(
          year: time.year,
          month: time.month,
          day: time.day,
          hours: time.hour,
          minutes: time.minute,
          seconds: time.second,
          fractionalSeconds: 0
        )
      )
    }
  }
}

/// A moment by the Gregorian calendar in UTC. Foundation's calendar would cost as much as the signature.
struct CivilTime: Hashable {
  let year: Int
  let month: Int
  let day: Int
  let hour: Int
  let minute: Int
  let second: Int

  init(_ date: Date) {
    // Some 30,000 years around 1970, so that a date of nonsense can't overflow; its year fails to encode later.
    let seconds = Int(max(-1e12, min(1e12, date.timeIntervalSince1970.rounded(.down))))
    let secondOfDay = seconds.modulo(86_400)
    (hour, minute, second) = (secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60)
    // Years begin in March here, so that the leap day is the last of its year; 719,468 days from 0000-03-01 to 1970.
    let days = (seconds - secondOfDay) / 86_400 + 719_468
    let dayOfEra = days.modulo(146_097)
    let era = (days - dayOfEra) / 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
  }
}

extension Int {
  /// The remainder that is never negative.
  fileprivate func modulo(_ divisor: Int) -> Int {
    let remainder = self % divisor
    return remainder < 0 ? remainder + divisor : remainder
  }
}
