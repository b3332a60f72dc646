import KubernetesAPI
import KubernetesObjects
import Testing

extension KubernetesContract {
  func tokens() async throws {
    let account = try await client.create(.serviceAccounts, serviceAccount("web")).root
    let pod = try await client.create(.pods, pod("web", serviceAccount: "web")).root
    let uid = try #require(ObjectMetadata(of: pod)?.uid)
    let bound = BoundObject.pod("web", uid: uid)
    let token = try await client.requestToken(for: key("web"), audiences: ["amesh-ca", "other"], boundTo: bound)
    // An answer may be kept for some seconds, so each question has a token of its own.
    let later = try await client.requestToken(for: key("web"), audiences: ["amesh-ca"], boundTo: bound)
    #expect(token != later && !token.expires.isEmpty)

    let review = try await client.review(token: token.token, audiences: ["amesh-ca", "third"])
    #expect(review.isAuthenticated)
    #expect(review.audiences == ["amesh-ca"])
    #expect(review.username == "system:serviceaccount:\(namespace):web")
    #expect(review.uid == ObjectMetadata(of: account)?.uid)
    #expect(review.groups.contains("system:serviceaccounts:\(namespace)"))
    #expect(review.extra["authentication.kubernetes.io/pod-name"] == ["web"])
    #expect(review.extra["authentication.kubernetes.io/pod-uid"] == [uid])

    #expect(try await !client.review(token: token.token, audiences: ["third"]).isAuthenticated)
    #expect(try await !client.review(token: "no-token", audiences: ["amesh-ca"]).isAuthenticated)
    let wrong = try await refusal { () throws(APIError) in
      let other = BoundObject.pod("web", uid: "00000000-0000-4000-8000-ffffffffffff")
      _ = try await client.requestToken(for: key("web"), audiences: ["amesh-ca"], boundTo: other)
    }
    #expect(wrong.isConflict)
    let nobody = try await refusal { () throws(APIError) in
      _ = try await client.requestToken(for: key("nobody"), audiences: ["amesh-ca"])
    }
    #expect(nobody.isNotFound)

    try await client.delete(.pods, key("web"))
    #expect(try await !client.review(token: later.token, audiences: ["amesh-ca"]).isAuthenticated)
  }
}
