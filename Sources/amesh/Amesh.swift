import ArgumentParser
import AsyncHTTPClient
@main
struct Amesh: AsyncParsableCommand {
  mutating func run() async throws {}
}
