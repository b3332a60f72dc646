package import Redirect

/// Sends connections and sees where they arrive, with the sidecar's ports in hand.
package struct Verifier {
  let options: RedirectOptions
  package init(_ options: RedirectOptions) { self.options = options }
  package func probes(_ families: [AddressFamily]) -> [ProbeResult] { [] }
}
