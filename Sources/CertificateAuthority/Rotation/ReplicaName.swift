/// The name of a process among those that share an authority: another one after each start.
///
/// A process in a Pod says so by its name, since of the processes of one Pod only the last can be alive: its node starts a
/// container again when the one before has ended. Of a machine that is not so.
package enum ReplicaName {
  /// - Parameter token: lower-case letters and digits that no other start has.
  package static func ofProcess(inPod pod: String, token: String) -> String { "\(pod).\(token)" }

  package static func ofProcess(onHost host: String, token: String) -> String { "\(host)-\(token)" }

  /// The Pod that a process is in; nil where it is in none.
  static func pod(_ name: String) -> Substring? {
    // A token is without a hyphen; a host name's last part is followed by one.
    guard let dot = name.lastIndex(of: "."), !name[dot...].contains("-") else { return nil }
    return name[..<dot]
  }
}
