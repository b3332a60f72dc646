import SwiftProtobuf

extension XDSResource {
  func packed(as typeURL: String) -> Google_Protobuf_Any {
    .with {
      $0.typeURL = typeURL
      $0.value = bytes
    }
  }
}
