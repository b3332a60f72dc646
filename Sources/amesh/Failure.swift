import ArgumentParser

/// Why a command ends without having done its work: for a person, and for a script by its status.
struct Failure: Error, CustomStringConvertible {
  /// The codes of sysexits(3) that say what has to change.
  enum Status: Int32 {
    case failed = 1
    case usage = 64
    case dataError = 65
    case noInput = 66
    case unavailable = 69
    case cannotCreate = 73
    case noPermission = 77
    case configuration = 78
  }

  var status: Status
  var description: String

  init(_ status: Status, _ description: String) {
    self.status = status
    self.description = description
  }
}

/// Runs the body of a command and turns its failure into a message on standard error and an exit code.
func reportingFailure<Result>(_ body: () async throws -> Result) async throws -> Result {
  do {
    return try await body()
  } catch let failure as Failure {
    Console.error(failure.description)
    throw ExitCode(failure.status.rawValue)
  }
}
