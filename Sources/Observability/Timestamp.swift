import Glibc

/// A moment, as RFC 3339 spells it, in UTC and to the millisecond.
package struct Timestamp: Sendable, Equatable, CustomStringConvertible {
  /// Since 1970.
  package var milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }

  package static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  package var description: String {
    let days = Self.floorDivide(milliseconds, 86_400_000)
    let (year, month, day) = Self.date(days.quotient)
    let time = days.remainder
    let clock = [(time / 3_600_000, 2), (time / 60_000 % 60, 2), (time / 1000 % 60, 2)].map(Self.pad)
    return
      "\(Self.pad(year, 4))-\(Self.pad(month, 2))-\(Self.pad(day, 2))T\(clock.joined(separator: ":")).\(Self.pad(time % 1000, 3))Z"
  }

  /// The civil date of a day since 1970, in the proleptic Gregorian calendar: counted in eras of 400 years that begin
  /// in March, so that the leap day is a year's last.
  private static func date(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let era = floorDivide(day + 719_468, 146_097)
    let dayOfEra = era.remainder
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era.quotient * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }

  private static func floorDivide(_ value: Int64, _ by: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
    return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder)
  }

  private static func pad(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
