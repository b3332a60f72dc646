package import CertificateAuthority
package import FoundationEssentials
package import SPIFFE
import Synchronization

/// An authority that lies in files which others change: Istio's `cacerts`, a `kubernetes.io/tls` Secret.
///
/// A replacement is proven before it is used; one that can't be used changes nothing but is told, once. What signs and
/// what is trusted follows by ``PluggedInSuccession``.
package final class PluggedInCustody: Custody {
  /// What a look at the files has brought.
  package enum Finding: Sendable, Equatable {
    case unchanged
    /// New files that don't fit together; whoever writes them may be half done.
    case incomplete(PluggedInError)
    /// New files that can't be used; the old ones go on.
    case refused(PluggedInError)
    /// New files are in use, or will be when everyone trusts their root.
    case replaced(String)
    /// What waited signs now, or a root has left the bundle.
    case advanced
  }

  private struct Current {
    var succession: PluggedInSuccession
    var seen: Result<PluggedInContents, PluggedInError>
    /// What was wrong at the last look, if that may have been a moment's state.
    var pending: PluggedInError?
    /// What was refused for its time only: it may become good by itself.
    var isUntimely = false
  }

  private let files: PluggedInFiles
  private let trustDomain: TrustDomain
  private let keys: any KeyMaker
  private let policy: RotationPolicy
  private let current: Mutex<Current>

  /// What a person should know of how this one began; nil when all is as it should be.
  package let caution: String?

  /// Reads the files; they have to be usable.
  ///
  /// - Parameter earlierBundle: the path of the file with the bundle that the process before gave out, if there was one:
  ///   roots in it that are in no file now stay trusted while leaves under them live.
  package init(
    directory: String,
    earlierBundle: String? = nil,
    trustDomain: TrustDomain,
    keys: any KeyMaker,
    policy: RotationPolicy,
    now: Date
  ) throws(CustodyError) {
    files = PluggedInFiles(directory: directory)
    self.trustDomain = trustDomain
    self.keys = keys
    self.policy = policy
    let earlier: Result<EarlierBundle?, CustodyError> = Result { () throws(CustodyError) in
      try earlierBundle.flatMap { path throws(CustodyError) in try EarlierBundleFile(path: path).read() }
    }
    do throws(PluggedInError) {
      let contents = try files.read()
      let authority = try PluggedInAuthority(contents, keys: keys, policy, now: now)
      let succession = PluggedInSuccession(authority, after: (try? earlier.get()) ?? nil, policy, now: now)
      caution = Self.caution(earlier, succession)
      current = Mutex(Current(succession: succession, seen: .success(contents)))
    } catch {
      throw .unusable(path: directory, error)
    }
  }

  private static func caution(
    _ earlier: Result<EarlierBundle?, CustodyError>,
    _ succession: PluggedInSuccession
  ) -> String? {
    if case .failure(let error) = earlier {
      return "\(error); roots that were trusted before and are in no file now are refused"
    }
    guard succession.isAbrupt else { return nil }
    return
      "root \(succession.signing.root.id) signs at once though nobody was given it before this start, since the files "
      + "hold no other key: workloads that have not taken the new bundle yet refuse the new certificates; put the old "
      + "files back, start again, and replace them while amesh runs"
  }

  package var pluggedIn: PluggedInAuthority? { signing }

  /// What signs now.
  package var signing: PluggedInAuthority { current.withLock { $0.succession.signing } }

  package func load() async throws(CustodyError) -> AuthorityState? {
    current.withLock { $0.succession.state(trustDomain) }
  }

  package func createOrAdopt(_ state: AuthorityState) async throws(CustodyError) -> AuthorityState {
    current.withLock { $0.succession.state(trustDomain) }
  }

  package func replace(with state: AuthorityState) async throws(CustodyError) {
    throw .readOnly(path: files.directory)
  }

  /// Looks at the files' contents once.
  package func look(now: Date) -> Finding {
    let found = Result { () throws(PluggedInError) in try files.read() }
    return current.withLock { current in
      let advanced = current.succession.advance(now: now)
      let isNew = found != current.seen
      defer { if !isNew { current.pending = nil } }
      guard isNew || current.isUntimely else {
        return current.pending.map { .refused($0) } ?? (advanced ? .advanced : .unchanged)
      }
      current.seen = found
      current.isUntimely = false
      do throws(PluggedInError) {
        let authority = try PluggedInAuthority(try found.get(), keys: keys, policy, now: now)
        current.succession.replace(with: authority, now: now)
        return .replaced("\(authority)")
      } catch {
        if case .notValidNow = error { current.isUntimely = true }
        guard isNew else { return current.pending.map { .refused($0) } ?? .unchanged }
        current.pending = error
        return .incomplete(error)
      }
    }
  }

  /// Looks whenever something in the directory changes, and once a `period` whatever happens; ends when its task is
  /// cancelled.
  ///
  /// - Parameter report: told of each finding but ``Finding/unchanged``.
  package func watch(
    every period: Duration = .seconds(30),
    now: @Sendable () -> Date,
    report: @Sendable (Finding) -> Void
  ) async {
    let pulse = Duration.milliseconds(250)
    let watch = DirectoryWatch(files.directory)
    var sinceLook = Duration.zero
    var isUnsettled = true
    while !Task.isCancelled {
      // A change is looked at again a pulse later: by then its writer is done, or what is wrong is meant.
      if watch.hasChanged() || isUnsettled || sinceLook >= period {
        sinceLook = .zero
        let finding = look(now: now())
        if case .incomplete = finding { isUnsettled = true } else { isUnsettled = false }
        if finding != .unchanged { report(finding) }
      }
      // Only cancellation ends the sleep early.
      try? await Task.sleep(for: pulse)
      sinceLook += pulse
    }
  }
}
