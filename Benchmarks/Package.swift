// swift-tools-version: 6.2
import PackageDescription

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
    ]
)
