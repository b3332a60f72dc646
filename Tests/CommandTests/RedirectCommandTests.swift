import KubernetesObjects
import Testing

@testable import amesh

/// What needs no rights; hack/check-redirect has the rest.
@Suite struct RedirectCommandTests {
  @Test func `an empty value is an empty word`() {
    #expect(
      Amesh.spellingOutNothing(["redirect", "--ports=", "--a=b=", "--", "--x"]) == [
        "redirect", "--ports", "", "--a=b=", "--", "--x",
      ]
    )
    #expect(Amesh.spellingOutNothing(["-f=", "--=", "a="]) == ["-f=", "--=", "a="])
  }

  @Test func `a dry run tells what would be loaded, and in plain words what that does`() async throws {
    let flags = ["--inbound-ports=8080", "--outbound-ports=", "--backend=nft", "--ipv6=never"]
    let result = try await RunningCommand.run(["redirect", "--dry-run"] + flags)
    #expect(result.status == 0)
    #expect(result.output.contains("# Inbound: what comes for port 8080 goes to port 19081;"))
    #expect(result.output.contains("# Outbound: nothing goes through the sidecar."))
    #expect(result.output.contains("tcp dport 8080 jump in_redirect"))
    let json = try await RunningCommand.run(["redirect", "--dry-run", "-o", "json"] + flags)
    let report = try JSONValue(parsing: Array(json.output.utf8))
    #expect(report["backend"]?.string == "nft")
    #expect(report["families"] == ["ipv4"])
  }

  @Test func `all ports are taken with a warning, and wrong ones are not taken`() async throws {
    let all = try await RunningCommand.run(["redirect", "--dry-run", "--inbound-ports=*", "--backend=nft"])
    #expect(all.status == 0)
    #expect(all.error.contains("--inbound-ports=*: whatever is not HTTP will break"))
    let wrong = try await RunningCommand.run(["redirect", "--inbound-ports=http"])
    #expect(wrong.status == 64)
    #expect(wrong.error.contains("--inbound-ports http: use ports and ranges such as 8080,9000-9010, or * for all"))
  }
}
