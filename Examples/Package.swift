// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who uses swift-omero gets Hummingbird. In a package of yours,
// `.package(url: …)` with a version takes the place of the path.
let package = Package(
    name: "Examples",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "swift-omero", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    ],
    targets: [
        .executableTarget(
            name: "list-projects",
            dependencies: [.product(name: "OMERO", package: "swift-omero")],
            path: "ListProjects"
        ),
        .executableTarget(
            name: "tag-images",
            dependencies: [
                .product(name: "OMERO", package: "swift-omero"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "TagImages"
        ),
        .executableTarget(
            name: "project-service",
            dependencies: [
                .product(name: "OMERO", package: "swift-omero"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            path: "ProjectService"
        ),
        .testTarget(
            name: "ExamplesTests",
            dependencies: [
                "tag-images", "project-service",
                .product(name: "OMERO", package: "swift-omero"),
                .product(name: "OMEROServer", package: "swift-omero"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
            ],
            path: "Tests"
        ),
    ]
)
