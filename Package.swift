// swift-tools-version: 6.2

import PackageDescription

// The module arrows are drawn here and checked by hack/arrows: cores import nothing that does I/O,
// edges import cores and never each other, the executable wires.

let package = Package(
  name: "amesh",
  products: [
    .executable(name: "amesh", targets: ["amesh"]),
    .library(name: "xds", type: .dynamic, targets: ["xds"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.10.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
    .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.38.0", traits: []),
    .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.0"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.0"),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // Cores: values in, values out.
    .target(name: "SPIFFE"),
    .target(name: "KubernetesObjects"),
    .target(
      name: "EnvoyAPI",
      dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")]
    ),
    .target(
      name: "EnvoyConfig",
      dependencies: ["EnvoyAPI", .product(name: "SwiftProtobuf", package: "swift-protobuf")]
    ),
    .target(
      name: "EnvoyServices",
      dependencies: [
        "EnvoyAPI",
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
      ]
    ),
    .target(name: "Redirect", dependencies: ["KubernetesObjects"]),
    .target(name: "Injection", dependencies: ["KubernetesObjects", "Redirect", "SPIFFE"]),
    .target(
      name: "KubernetesYAML",
      dependencies: ["KubernetesObjects", .product(name: "Yams", package: "Yams")]
    ),
    .target(
      name: "MeshConfiguration",
      dependencies: [
        "CertificateAuthority", "Injection", "KubernetesObjects", "KubernetesYAML", "PluginConfiguration", "Redirect",
      ]
    ),
    .target(
      name: "ManifestInjection",
      dependencies: ["Injection", "KubernetesObjects"]
    ),
    .target(
      name: "CertificateAuthority",
      dependencies: [
        "KubernetesObjects",
        "SPIFFE",
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ]
    ),
    .target(
      name: "CallerAuthentication",
      dependencies: [
        "CertificateAuthority",
        "KubernetesObjects",
        "KubernetesYAML",
        "SPIFFE",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ]
    ),
    .target(
      name: "ServingCertificate",
      dependencies: [
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ]
    ),
    .target(
      name: "SecretDiscovery",
      dependencies: [
        "EnvoyAPI", "XDSProtocol",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .target(
      name: "SidecarIdentity",
      dependencies: [
        "APISIXSink", "CertificateAuthority", "EnvoyAPI", "KubernetesObjects", "SPIFFE", "SecretDiscovery",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .target(
      name: "WorkloadKeys",
      dependencies: [
        "SidecarIdentity",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ]
    ),
    .target(
      name: "WorkloadDiscovery",
      dependencies: [
        "EnvoyAPI", "Injection", "KubernetesObjects", "Redirect", "SPIFFE", "XDSProtocol",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .target(
      name: "ClusterDiagnosis",
      dependencies: [
        "CertificateAuthority", "Injection", "KubernetesObjects",
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ]
    ),
    .target(
      name: "XDSProtocol",
      dependencies: ["EnvoyAPI", .product(name: "SwiftProtobuf", package: "swift-protobuf")]
    ),
    .target(
      name: "XDSTranslation",
      dependencies: [
        "EnvoyAPI", "EnvoyConfig", "KubernetesObjects", "MeshResources", "XDSProtocol",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .target(name: "APISIXSink"),
    .target(name: "PluginConfiguration", dependencies: ["KubernetesObjects"]),
    .target(name: "RoutePlugins", dependencies: ["KubernetesObjects", "PluginConfiguration"]),
    .target(
      name: "MeshResources",
      dependencies: [
        "EnvoyAPI", "EnvoyConfig", "XDSProtocol",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .target(
      name: "SidecarSettings",
      dependencies: [
        "EnvoyAPI", "KubernetesObjects", "SPIFFE", "SidecarIdentity",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),

    // Edges.
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CProcess"),
    .target(name: "OpenSSLKeys", dependencies: ["COpenSSL", "CertificateAuthority"]),
    .target(name: "CertificateCustody", dependencies: ["CertificateAuthority", "SPIFFE"]),
    .target(
      name: "MeshAuthority",
      dependencies: [
        "CertificateAuthority", "KubernetesObjects", "SPIFFE",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .target(name: "CredentialFiles", dependencies: ["CallerAuthentication"]),
    .target(name: "RedirectKernel", dependencies: ["CProcess", "Redirect"]),
    .target(
      name: "AuthorityAdministration",
      dependencies: [
        "CertificateAuthority", "KubernetesObjects", "MeshAuthority", "SPIFFE",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .target(
      name: "KubernetesAPI",
      dependencies: [
        "KubernetesObjects", "KubernetesYAML",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .target(
      name: "ClusterIdentity",
      dependencies: [
        "CallerAuthentication", "Injection", "KubernetesAPI", "KubernetesObjects", "SPIFFE", "WorkloadDiscovery",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .target(
      name: "ClusterInspection",
      dependencies: ["ClusterDiagnosis", "Injection", "KubernetesAPI", "KubernetesObjects", "MeshConfiguration"]
    ),
    .target(
      name: "ControlPlane",
      dependencies: [
        "CertificateAuthority", "Injection", "KubernetesAPI", "KubernetesObjects", "MeshAuthority", "SPIFFE",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .target(
      name: "Observability",
      dependencies: [
        "KubernetesObjects",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
      ]
    ),
    .target(
      name: "XDSClient",
      dependencies: [
        "CertificateAuthority", "EnvoyAPI", "EnvoyServices", "KubernetesObjects", "PluginConfiguration",
        "SidecarIdentity",
        "SidecarSettings", "XDSProtocol",
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .target(
      name: "AdmissionWebhook",
      dependencies: [
        "Injection",
        "KubernetesObjects",
        "ServingCertificate",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdHTTP2", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .target(
      name: "CallServer",
      dependencies: [
        "CallerAuthentication",
        "SPIFFE",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOExtras", package: "swift-nio-extras"),
        .product(name: "NIOHPACK", package: "swift-nio-http2"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .target(
      name: "IdentityServer",
      dependencies: [
        "CallServer",
        "CallerAuthentication",
        "CertificateAuthority",
        "EnvoyAPI",
        "EnvoyServices",
        "KubernetesObjects",
        "MeshAuthority",
        "SPIFFE",
        "SecretDiscovery",
        "WorkloadDiscovery",
        "XDSProtocol",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "X509", package: "swift-certificates"),
      ]
    ),

    .target(
      name: "PluginServer",
      dependencies: [
        "CallServer", "CallerAuthentication", "EnvoyAPI", "EnvoyServices", "PluginConfiguration", "SPIFFE",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .target(
      name: "PluginControl",
      dependencies: [
        "KubernetesAPI", "KubernetesObjects", "PluginConfiguration",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),

    // The library that APISIX loads.
    .target(
      name: "SidecarStatus",
      dependencies: [
        "EnvoyAPI", "EnvoyServices", "SidecarSettings",
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .target(name: "CSharedDictionary"),
    .target(
      name: "DataPlane",
      dependencies: [
        "APISIXSink", "CSharedDictionary", "EnvoyAPI", "KubernetesObjects", "MeshResources", "Observability",
        "CertificateAuthority", "PluginConfiguration", "RoutePlugins", "SPIFFE", "SidecarIdentity", "SidecarSettings",
        "SidecarStatus", "XDSClient", "XDSProtocol",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]
    ),
    .target(
      name: "xds",
      dependencies: [
        "APISIXSink", "DataPlane", "KubernetesObjects", "MeshResources", "Observability", "PluginConfiguration",
        "RoutePlugins", "SidecarIdentity", "SidecarSettings", "WorkloadKeys", "XDSProtocol",
        "XDSTranslation",
        .product(name: "Logging", package: "swift-log"),
      ],
      exclude: ["exports.map"],
      linkerSettings: [
        // The runtime is linked statically, which SwiftPM does for executables only; one part of it is not found by
        // itself then. `initial` is all that is exported: nginx has an OpenSSL of its own. Never unloaded: its threads
        // run on.
        .unsafeFlags([
          "-static-stdlib", "-Xclang-linker", "-static-libgcc",
          "-L\(Context.packageDirectory)/.build/static-libraries",
          "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/xds/exports.map",
          "-Xlinker", "-z", "-Xlinker", "nodelete", "-Xlinker", "-z", "-Xlinker", "defs",
          "-Xlinker", "--gc-sections", "-l_FoundationCollections", "-l_FoundationCShims",
        ])
      ]
    ),

    // The executable.
    .executableTarget(
      name: "amesh",
      dependencies: [
        "AdmissionWebhook",
        "AuthorityAdministration",
        "CProcess",
        "CallServer",
        "CallerAuthentication",
        "CertificateAuthority",
        "CertificateCustody",
        "ClusterDiagnosis",
        "ClusterIdentity",
        "ClusterInspection",
        "ControlPlane",
        "CredentialFiles",
        "EnvoyAPI",
        "EnvoyServices",
        "IdentityServer",
        "Injection",
        "KubernetesAPI",
        "KubernetesObjects",
        "KubernetesYAML",
        "ManifestInjection",
        "MeshAuthority",
        "MeshConfiguration",
        "MeshResources",
        "Observability",
        "OpenSSLKeys",
        "PluginConfiguration",
        "PluginControl",
        "PluginServer",
        "Redirect",
        "RedirectKernel",
        "SPIFFE",
        "SecretDiscovery",
        "WorkloadDiscovery",
        "WorkloadKeys",
        "ServingCertificate",
        "SidecarIdentity",
        "SidecarSettings",
        "XDSClient",
        "XDSProtocol",
        "XDSTranslation",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        .product(name: "X509", package: "swift-certificates"),
      ]
    ),

    // Tests.
    .target(name: "AmeshTesting", dependencies: ["KubernetesObjects"]),
    .target(
      name: "CertificateTesting",
      dependencies: [
        "CertificateAuthority", "SPIFFE",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ]
    ),
    .target(
      name: "KubernetesTesting",
      dependencies: [
        "KubernetesAPI", "KubernetesObjects",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .executableTarget(
      name: "custody-writer",
      dependencies: ["CertificateAuthority", "CertificateCustody"],
      path: "hack/custody-writer"
    ),
    .testTarget(
      name: "KubernetesObjectsTests",
      dependencies: ["AmeshTesting", "KubernetesObjects"],
      resources: [.copy("Corpus")]
    ),
    .testTarget(name: "SPIFFETests", dependencies: ["AmeshTesting", "SPIFFE"]),
    .testTarget(
      name: "CertificateAuthorityTests",
      dependencies: [
        "AmeshTesting", "CertificateAuthority", "KubernetesObjects", "OpenSSLKeys", "SPIFFE",
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      exclude: ["Corpus"]
    ),
    .testTarget(
      name: "CertificateCustodyTests",
      dependencies: [
        "AmeshTesting", "CertificateAuthority", "CertificateCustody", "CertificateTesting", "OpenSSLKeys", "SPIFFE",
        "custody-writer",
      ]
    ),
    .testTarget(
      name: "MeshAuthorityTests",
      dependencies: ["CertificateAuthority", "CertificateCustody", "MeshAuthority", "OpenSSLKeys", "SPIFFE"]
    ),
    .testTarget(name: "OpenSSLKeysTests", dependencies: ["AmeshTesting", "CertificateAuthority", "OpenSSLKeys"]),
    .testTarget(
      name: "CallerAuthenticationTests",
      dependencies: [
        "AmeshTesting", "CallerAuthentication", "CertificateAuthority", "KubernetesObjects", "SPIFFE",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      resources: [.copy("Corpus")]
    ),
    .testTarget(
      name: "CredentialFilesTests",
      dependencies: ["CallerAuthentication", "CredentialFiles", "SPIFFE"]
    ),
    .testTarget(
      name: "EnvoyAPITests",
      dependencies: ["EnvoyAPI", .product(name: "SwiftProtobuf", package: "swift-protobuf")]
    ),
    .testTarget(
      name: "XDSTranslationTests",
      dependencies: [
        "AmeshTesting", "EnvoyAPI", "EnvoyConfig", "KubernetesObjects", "MeshResources", "XDSProtocol",
        "XDSTranslation",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["Data", "Golden"]
    ),
    .testTarget(
      name: "InjectionTests",
      dependencies: ["AmeshTesting", "Injection", "KubernetesObjects", "Redirect"],
      exclude: ["Golden"]
    ),
    .testTarget(
      name: "RedirectTests",
      dependencies: ["AmeshTesting", "KubernetesObjects", "Redirect"],
      exclude: ["Golden"]
    ),
    .testTarget(
      name: "MeshConfigurationTests",
      dependencies: [
        "AmeshTesting", "Injection", "KubernetesObjects", "KubernetesYAML", "MeshConfiguration", "Redirect",
      ]
    ),
    .testTarget(
      name: "ManifestInjectionTests",
      dependencies: ["AmeshTesting", "Injection", "KubernetesObjects", "ManifestInjection"]
    ),
    .testTarget(
      name: "KubernetesAPITests",
      dependencies: [
        "AmeshTesting", "KubernetesAPI", "KubernetesObjects", "KubernetesTesting",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .testTarget(
      name: "ClusterIdentityTests",
      dependencies: [
        "AmeshTesting", "CallerAuthentication", "ClusterIdentity", "Injection", "KubernetesAPI", "KubernetesObjects",
        "KubernetesTesting", "SPIFFE", "WorkloadDiscovery",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "MetricsTestKit", package: "swift-metrics"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .testTarget(
      name: "ClusterDiagnosisTests",
      dependencies: [
        "CertificateAuthority", "CertificateTesting", "ClusterDiagnosis", "ClusterInspection", "Injection",
        "KubernetesAPI", "KubernetesObjects", "KubernetesTesting", "KubernetesYAML",
      ]
    ),
    .testTarget(
      name: "ControlPlaneTests",
      dependencies: [
        "CertificateAuthority", "CertificateTesting", "ControlPlane", "Injection", "KubernetesAPI", "KubernetesObjects",
        "KubernetesTesting", "MeshAuthority", "OpenSSLKeys", "SPIFFE",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "MetricsTestKit", package: "swift-metrics"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .testTarget(
      name: "ObservabilityTests",
      dependencies: [
        "KubernetesObjects", "Observability",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
      ]
    ),
    .testTarget(
      name: "AdmissionWebhookTests",
      dependencies: [
        "AdmissionWebhook", "AmeshTesting", "Injection", "KubernetesObjects", "ServingCertificate",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      resources: [.copy("Corpus")]
    ),
    .testTarget(
      name: "SecretDiscoveryTests",
      dependencies: [
        "EnvoyAPI", "SecretDiscovery", "XDSProtocol",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      resources: [.copy("Corpus")]
    ),
    .testTarget(
      name: "XDSProtocolTests",
      dependencies: [
        "AmeshTesting", "EnvoyAPI", "XDSProtocol",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .testTarget(
      name: "SidecarIdentityTests",
      dependencies: [
        "APISIXSink", "AmeshTesting", "CertificateAuthority", "CertificateTesting", "EnvoyAPI", "KubernetesObjects",
        "KubernetesTesting", "SPIFFE", "SecretDiscovery", "SidecarIdentity", "SidecarSettings", "WorkloadKeys",
        "XDSClient",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "X509", package: "swift-certificates"),
      ]
    ),
    .testTarget(
      name: "WorkloadDiscoveryTests",
      dependencies: [
        "AmeshTesting", "EnvoyAPI", "Injection", "KubernetesObjects", "Redirect", "SPIFFE", "WorkloadDiscovery",
        "XDSProtocol",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .testTarget(name: "APISIXSinkTests", dependencies: ["APISIXSink", "AmeshTesting"]),
    .testTarget(
      name: "PluginControlTests",
      dependencies: [
        "KubernetesAPI", "KubernetesObjects", "KubernetesTesting", "PluginConfiguration", "PluginControl",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
      ]
    ),
    .testTarget(
      name: "RoutePluginsTests",
      dependencies: ["AmeshTesting", "KubernetesObjects", "PluginConfiguration", "RoutePlugins"]
    ),
    .testTarget(
      name: "PluginConfigurationTests",
      dependencies: ["AmeshTesting", "KubernetesObjects", "KubernetesYAML", "PluginConfiguration"],
      exclude: ["Golden"]
    ),
    .testTarget(
      name: "SidecarSettingsTests",
      dependencies: [
        "EnvoyAPI", "SidecarSettings",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .testTarget(
      name: "MeshResourcesTests",
      dependencies: [
        "EnvoyConfig", "MeshResources", "XDSProtocol",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .testTarget(
      name: "SidecarStatusTests",
      dependencies: [
        "SidecarSettings", "SidecarStatus",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]
    ),
    .testTarget(
      name: "XDSClientTests",
      dependencies: [
        "EnvoyAPI", "KubernetesTesting", "SidecarSettings", "XDSClient", "XDSProtocol",
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .testTarget(
      name: "CallServerTests",
      dependencies: [
        "AmeshTesting", "CallServer", "CallerAuthentication", "SPIFFE",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "MetricsTestKit", package: "swift-metrics"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHPACK", package: "swift-nio-http2"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ]
    ),
    .testTarget(
      name: "IdentityServerTests",
      dependencies: [
        "AmeshTesting", "CallServer", "CallerAuthentication", "CertificateAuthority", "CertificateCustody", "EnvoyAPI",
        "EnvoyServices", "IdentityServer", "Injection", "KubernetesObjects", "MeshAuthority", "OpenSSLKeys", "SPIFFE",
        "SecretDiscovery", "WorkloadDiscovery",
        "XDSProtocol",
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "MetricsTestKit", package: "swift-metrics"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "X509", package: "swift-certificates"),
      ]
    ),
    .testTarget(
      name: "PluginServerTests",
      dependencies: [
        "CallServer", "CallerAuthentication", "EnvoyAPI", "EnvoyServices", "KubernetesObjects",
        "PluginConfiguration", "PluginServer", "SPIFFE",
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "MetricsTestKit", package: "swift-metrics"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    .testTarget(
      name: "AuthorityAdministrationTests",
      dependencies: [
        "AmeshTesting", "AuthorityAdministration", "CertificateAuthority", "CertificateCustody", "KubernetesObjects",
        "MeshAuthority", "OpenSSLKeys", "SPIFFE",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]
    ),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "AmeshTesting", "AuthorityAdministration", "CallerAuthentication", "CertificateAuthority", "ClusterDiagnosis",
        "KubernetesObjects", "MeshConfiguration", "SPIFFE", "amesh",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]
    ),
  ],
  swiftLanguageModes: [.v6]
)

// A sanitizer's runtime is linked into executables, and the library may leave nothing open.
if Context.environment["AMESH_SANITIZED"] != nil {
  package.products.removeAll { $0.name == "xds" }
}

// Fuzzing, for who asks: AMESH_FUZZ=1 swift build --sanitize=fuzzer --product json-fuzz, one target per folder of hack/fuzz.
if Context.environment["AMESH_FUZZ"] != nil {
  let fuzzed: [(name: String, dependencies: [Target.Dependency])] = [
    (
      "call",
      [
        "CallServer", .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHPACK", package: "swift-nio-http2"),
      ]
    ),
    ("csr", ["CertificateAuthority", "OpenSSLKeys", "SPIFFE"]),
    (
      "discovery",
      [
        "EnvoyAPI", "SecretDiscovery", "XDSProtocol", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
    ("json", ["AmeshTesting", "KubernetesObjects"]),
    ("jwt", ["CallerAuthentication", "SPIFFE"]),
    ("review", ["AdmissionWebhook", "Injection", "KubernetesObjects"]),
    ("spiffe", ["CertificateAuthority", "SPIFFE"]),
    (
      "translation",
      [
        "AmeshTesting", "EnvoyAPI", "KubernetesObjects", "MeshResources", "XDSProtocol", "XDSTranslation",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ]
    ),
  ]
  for (name, dependencies) in fuzzed {
    package.targets.append(
      .executableTarget(
        name: "\(name)-fuzz",
        dependencies: dependencies,
        path: "hack/fuzz/\(name)",
        swiftSettings: [.unsafeFlags(["-parse-as-library"])]
      )
    )
  }
}

// The programs of hack/bench-injection, hack/bench-identity and hack/bench-xds.
if Context.environment["AMESH_BENCHMARK"] != nil {
  package.targets += [
    .executableTarget(
      name: "injection-bench",
      dependencies: ["Injection", "KubernetesObjects"],
      path: "hack/bench/injection"
    ),
    .executableTarget(
      name: "identity-bench",
      dependencies: ["CertificateAuthority", "OpenSSLKeys", "SPIFFE"],
      path: "hack/bench/identity"
    ),
    .executableTarget(
      name: "identity-load",
      dependencies: [
        "CallerAuthentication", "EnvoyAPI",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHPACK", package: "swift-nio-http2"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      path: "hack/bench/identity-load"
    ),
    .executableTarget(
      name: "injection-floor",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      path: "hack/bench/floor"
    ),
    .executableTarget(
      name: "token-bench",
      dependencies: [
        "CallerAuthentication", "SPIFFE",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ],
      path: "hack/bench/tokens"
    ),
    .executableTarget(
      name: "workload-bench",
      dependencies: [
        "CallServer", "CallerAuthentication", "IdentityServer", "Injection", "KubernetesObjects", "SPIFFE",
        "WorkloadDiscovery",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "hack/bench/workloads"
    ),
    .executableTarget(
      name: "xds-bench",
      dependencies: [
        "EnvoyAPI", "EnvoyConfig", "KubernetesObjects", "MeshResources", "XDSProtocol", "XDSTranslation",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      path: "hack/bench/xds"
    ),
  ]
}

for target in package.targets where target.type != .system {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      .treatAllWarnings(as: .error),
      .treatWarning("DeprecatedDeclaration", as: .warning),
    ]
}
