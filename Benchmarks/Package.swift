// swift-tools-version: 6.2
import PackageDescription

// See the Package.swift of the package itself.
let isSanitized = Context.environment["SWIFT_OMERO_SANITIZE"] != nil

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-omero", path: "..")],
    targets: [
        .executableTarget(
            name: "ice-bench",
            dependencies: [
                .product(name: "Ice", package: "swift-omero"),
                .product(name: "InteropPeer", package: "swift-omero"),
            ]
        ),
        .executableTarget(
            name: "model-bench",
            dependencies: [
                .product(name: "OMEROModel", package: "swift-omero"),
                .product(name: "IceEncoding", package: "swift-omero"),
            ]
        ),
        // Only what a client needs: its memory is measured.
        .executableTarget(
            name: "gateway-bench",
            dependencies: [.product(name: "OMERO", package: "swift-omero")],
            linkerSettings: [
                .unsafeFlags(
                    [
                        "-static-stdlib", "-l_FoundationCShims", "-l_FoundationCollections", "-use-ld=lld",
                        "-Xlinker", "--no-export-dynamic", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
                    ], .when(platforms: [.linux]))
            ]
        ),
        .executableTarget(
            name: "gateway-bench-server",
            dependencies: [
                .product(name: "OMERO", package: "swift-omero"),
                .product(name: "OMEROServer", package: "swift-omero"),
            ],
            swiftSettings: isSanitized ? [.unsafeFlags(["-sanitize=thread"])] : [],
            linkerSettings: isSanitized ? [.unsafeFlags(["-sanitize=thread"])] : []
        ),
        .executableTarget(
            name: "objects-bench",
            dependencies: [
                .product(name: "Ice", package: "swift-omero"),
                .product(name: "IceEncoding", package: "swift-omero"),
                .product(name: "OMERO", package: "swift-omero"),
                .product(name: "OMEROAPI", package: "swift-omero"),
                .product(name: "OMEROServer", package: "swift-omero"),
            ]
        ),
        .executableTarget(
            name: "server-bench",
            dependencies: [
                .product(name: "BlitzCommands", package: "swift-omero"),
                .product(name: "Glacier2", package: "swift-omero"),
                .product(name: "Ice", package: "swift-omero"),
                .product(name: "IceEncoding", package: "swift-omero"),
                .product(name: "OMEROAPI", package: "swift-omero"),
                .product(name: "OMEROServer", package: "swift-omero"),
            ]
        ),
    ]
)
