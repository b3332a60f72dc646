// Writes one state into a custody's directory, for tests that end it in the middle.
//
//   custody-writer DIRECTORY STATE BYTES-PER-WRITE
//
// A state of generation 1 is created, any other replaces what is there. Ends with 0 when the write has been confirmed.
import CertificateAuthority
import CertificateCustody
import Glibc

guard CommandLine.arguments.count == 4, let chunk = Int(CommandLine.arguments[3]),
  let file = fopen(CommandLine.arguments[2], "r")
else {
  print("usage: custody-writer DIRECTORY STATE BYTES-PER-WRITE")
  exit(64)
}
var bytes = [UInt8](repeating: 0, count: AuthorityStateFormat.maximumBytes)
bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
fclose(file)
do {
  let state = try AuthorityStateFormat.decode(bytes)
  let custody = try DirectoryCustody(path: CommandLine.arguments[1], chunk: chunk)
  if state.generation == 1 {
    _ = try await custody.createOrAdopt(state)
  } else {
    try await custody.replace(with: state)
  }
} catch {
  print(error)
  exit(1)
}
