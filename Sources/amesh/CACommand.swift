import ArgumentParser

struct CACommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ca",
    abstract: "Look at the mesh's certificate authority, and steer it.",
    discussion: """
      Talks to the amesh serve of a state directory through its admin socket, admin.sock there, which answers root and \
      the user that it runs as. Where none runs, the directory itself is read, and changed when it has to be.

      Examples:
        amesh ca init --state-directory ./state --set mesh.trustDomain=prod.example
        amesh ca status
        amesh ca rotate auto
        amesh ca bundle --format jwks --out bundle.json
        amesh ca issue --csr web.csr --id spiffe://prod.example/ns/shop/sa/web --out web.crt

      Exit codes: 0 done, 1 not done, 64 wrong usage or configuration, 65 a request that can't be used, 66 a file that \
      cannot be read, 69 a server that does not answer or can't do it now, 73 a file that cannot be made, 77 not allowed.
      """,
    subcommands: [
      CAInitCommand.self, CAStatusCommand.self, CARotateCommand.self, CABundleCommand.self, CAIssueCommand.self,
    ]
  )
}
