// swift-tools-version: 6.2
import PackageDescription

/// scripts/soak gateway: our own modules are instrumented for the thread sanitizer, and optimised, as it understands
/// `Mutex` only so. What they depend on is built as ever.
let isSanitized = Context.environment["SWIFT_OMERO_SANITIZE"] != nil

let language: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
/// Settings that every target of this package shares.
let house = language + (isSanitized ? [.unsafeFlags(["-sanitize=thread", "-O"])] : [])
/// The same for the large generated modules, which share no state: optimising them takes longest.
let generated = language + (isSanitized ? [.unsafeFlags(["-sanitize=thread", "-Onone"])] : [])

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")

let package = Package(
    name: "swift-omero",
    platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
    products: [
        .library(name: "IceEncoding", targets: ["IceEncoding"]),
        .library(name: "Ice", targets: ["Ice"]),
        .library(name: "Glacier2", targets: ["Glacier2"]),
        .library(name: "OMEROModel", targets: ["OMEROModel"]),
        .library(name: "OMEROAPI", targets: ["OMEROAPI"]),
        .library(name: "OMEROServer", targets: ["OMEROServer"]),
        .executable(name: "blitz", targets: ["blitz"]),
        .library(name: "OMERO", targets: ["OMERO"]),
        .library(name: "OMEROYAML", targets: ["OMEROYAML"]),
        .library(name: "OMEROStore", targets: ["OMEROStore"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: [.defaults, "YAML"]),
    ],
    targets: [
        .systemLibrary(name: "CBzip2", providers: [.apt(["libbz2-dev"])]),
        .target(name: "IceEncoding", dependencies: [nioCore], swiftSettings: house),
        .target(
            name: "Ice",
            dependencies: [
                "IceEncoding", "CBzip2",
                nioCore,
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: house
        ),
        .target(name: "Glacier2", dependencies: ["Ice"], swiftSettings: house),
        .target(name: "OMEROModel", dependencies: ["IceEncoding", nioCore], swiftSettings: generated),
        .target(
            name: "OMEROAPI",
            dependencies: ["OMEROModel", "IceEncoding", "Ice", "Glacier2", nioCore],
            swiftSettings: generated
        ),
        .target(
            name: "OMERO",
            dependencies: [
                "OMEROAPI", "OMEROModel", "Glacier2", "Ice", "IceEncoding", nioCore,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: house
        ),
        // Settings from a YAML file: the only part of a client that needs all of Foundation.
        .target(
            name: "OMEROYAML",
            dependencies: ["OMERO", .product(name: "Configuration", package: "swift-configuration")],
            swiftSettings: house
        ),
        .target(
            name: "OMEROServer",
            dependencies: [
                "OMEROAccess", "OMEROAPI", "OMEROModel", "OMEROStore", "Glacier2", "Ice", "IceEncoding", nioCore,
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: house
        ),
        .target(
            name: "BlitzCommands",
            dependencies: [
                "OMERO", "OMEROAPI", "OMEROModel", "OMEROServer", "OMEROStore", "Glacier2", "Ice", "IceEncoding",
                nioCore,
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: house
        ),
        .executableTarget(
            name: "blitz",
            dependencies: ["BlitzCommands"],
            swiftSettings: house
        ),
        .target(name: "OMEROAccess", dependencies: ["OMEROModel"], swiftSettings: house),
        .target(
            name: "OMEROStore",
            dependencies: [
                "OMEROModel", "IceEncoding",
                nioCore,
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: house
        ),
        // Writes the Generated folders of the modules above; scripts/generate runs it.
        .executableTarget(name: "generate", swiftSettings: house),
        // The types of Tests/Interop/Peers/Interop.ice, for the tests of several modules.
        .target(
            name: "InteropTypes", dependencies: ["IceEncoding", nioCore], path: "Tests/InteropTypes",
            swiftSettings: house),
        // Foreign programs as child processes, for the tests that need them.
        .target(name: "InteropProcess", path: "Tests/InteropProcess", swiftSettings: house),
        // What OMERO's clients ask, for the tests of several modules.
        .target(
            name: "ClientQueries", dependencies: ["OMEROModel"], path: "Tests/ClientQueries", exclude: ["Data"],
            swiftSettings: house),
        // The interface of Interop.ice on top of them: the Swift side of the interoperability tests and benchmarks.
        .target(
            name: "InteropPeer",
            dependencies: ["Ice", "InteropTypes"],
            path: "Tests/InteropPeer",
            swiftSettings: house
        ),
        .testTarget(
            name: "OMEROModelTests",
            dependencies: ["InteropProcess", "OMEROModel", "IceEncoding", nioCore],
            exclude: ["Data"],
            swiftSettings: house
        ),
        .testTarget(
            name: "OMEROAPITests", dependencies: ["OMEROAPI", "OMEROModel", "IceEncoding"], swiftSettings: house),
        .testTarget(
            name: "InteropTests",
            dependencies: [
                "Ice", "Glacier2", "InteropPeer", "InteropProcess", "InteropTypes",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "OMEROInteropTests",
            dependencies: ["Ice", "IceEncoding", "InteropProcess", "OMEROAPI", "OMEROModel", nioCore],
            swiftSettings: house
        ),
        .testTarget(
            name: "OMEROServerInteropTests",
            dependencies: ["InteropProcess", "OMEROServer", "blitz"],
            swiftSettings: house
        ),
        .testTarget(
            name: "OMEROServerUnitTests",
            dependencies: [
                "BlitzCommands", "OMEROServer", "OMEROStore", "OMEROAccess", "OMEROAPI", "OMEROModel", "Glacier2",
                "Ice",
                "IceEncoding", nioCore,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: house
        ),
        // The command line: its options, its output, and its commands against a server in process.
        .testTarget(
            name: "BlitzCommandsTests",
            dependencies: [
                "BlitzCommands", "OMERO", "OMEROServer", "OMEROModel", "IceEncoding",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: house
        ),
        // The built command line as a child process, next to the omero command.
        .testTarget(
            name: "BlitzCommandsInteropTests",
            dependencies: ["InteropProcess", "blitz"],
            swiftSettings: house
        ),
        // The gateway's values and state machines, without a server.
        .testTarget(
            name: "OMEROTests",
            dependencies: ["OMERO", "OMEROYAML", "OMEROAPI", "OMEROModel", "Ice", "IceEncoding"],
            swiftSettings: house
        ),
        // The gateway against servers: in process, as a program, and a real Glacier2 in front of real Ice.
        .testTarget(
            name: "OMEROGatewayTests",
            dependencies: [
                "OMERO", "OMEROServer", "OMEROAPI", "OMEROModel", "Ice", "IceEncoding", nioCore,
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: house
        ),
        // What the gateway shares with omero-py.
        .testTarget(
            name: "OMEROGatewayInteropTests",
            dependencies: ["OMERO", "OMEROYAML", "OMEROAPI", "OMEROServer", "InteropProcess", "blitz"],
            swiftSettings: house
        ),
        .testTarget(name: "OMEROAccessTests", dependencies: ["OMEROAccess", "OMEROModel"], swiftSettings: house),
        .testTarget(name: "Glacier2Tests", dependencies: ["Ice", "Glacier2"], swiftSettings: house),
        .testTarget(
            name: "OMEROServerTests",
            dependencies: [
                "OMEROServer", "OMEROAccess", "OMEROAPI", "OMEROModel", "Glacier2", "Ice", "IceEncoding", nioCore,
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "IceEncodingTests",
            dependencies: ["IceEncoding", "InteropProcess", "InteropTypes", nioCore],
            exclude: ["Data"],
            swiftSettings: house
        ),
        .testTarget(
            name: "OMEROStoreTests",
            dependencies: [
                "ClientQueries", "OMEROStore", "OMEROModel", "IceEncoding",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "HQLComparisonTests",
            dependencies: [
                "ClientQueries", "OMEROStore", "OMEROServer", "OMEROAccess", "OMEROModel",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "IceTests",
            dependencies: [
                "Ice",
                "InteropProcess",
                "InteropTypes",
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
            ],
            exclude: ["Data"],
            swiftSettings: house
        ),
    ]
)

// Only the benchmarks (their own package) may depend on the tests' types: scripts/bench sets this variable.
if Context.environment["SWIFT_OMERO_BENCH"] != nil {
    package.products.append(.library(name: "InteropPeer", targets: ["InteropPeer", "InteropTypes"]))
    package.products.append(.library(name: "BlitzCommands", targets: ["BlitzCommands"]))
}

// The fuzzers need libFuzzer's entry in place of `main`: scripts/soak builds them, with this variable set.
if Context.environment["SWIFT_OMERO_FUZZ"] != nil {
    let fuzzer: [SwiftSetting] = house + [.unsafeFlags(["-parse-as-library"])]
    package.targets += [
        .executableTarget(
            name: "FuzzDecoder", dependencies: ["InteropTypes"], path: "Fuzz/FuzzDecoder", swiftSettings: fuzzer),
        .executableTarget(
            name: "FuzzConnection", dependencies: ["Ice"], path: "Fuzz/FuzzConnection", swiftSettings: fuzzer),
    ]
}
