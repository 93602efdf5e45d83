// swift-tools-version: 6.2
import PackageDescription

/// What the SDK does not need, so that who uses it alone fetches none of it.
let command: TargetDependencyCondition? = .when(traits: ["Command"])

let package = Package(
  name: "beray-fs",
  // For the availability of Swift's own library where the SDK is built on macOS; the command is for Linux only.
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Beray", targets: ["Beray"]),
    .executable(name: "beray-fs", targets: ["beray-fs"]),
  ],
  traits: [
    .trait(name: "Command", description: "The command, the mount and the server, beside the SDK."),
    .default(enabledTraits: ["Command"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-algorithms", from: "1.2.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.3.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(name: "CFuse", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
    .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
    .target(name: "CCrypto", linkerSettings: [.linkedLibrary("crypto")]),
    .systemLibrary(name: "CLinux"),
    .target(name: "CGuardian"),
    .target(
      name: "LinuxSystem", dependencies: ["CLinux", .product(name: "SystemPackage", package: "swift-system")]),
    .target(name: "VFS", dependencies: [.product(name: "SystemPackage", package: "swift-system")]),
    .target(
      name: "Fuse",
      dependencies: [
        "CFuse", "CGuardian", "LinuxSystem", "VFS", .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .target(name: "Waiting", dependencies: [.product(name: "SystemPackage", package: "swift-system")]),
    .target(name: "ZipArchive", dependencies: ["CArchive"]),
    .target(name: "EventLoops", dependencies: [.product(name: "NIOCore", package: "swift-nio")]),
    .target(name: "BerayAPI"),
    .target(
      name: "Beray",
      dependencies: [
        "BerayAPI", "EventLoops", "Waiting",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "HeapModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    .target(
      name: "BerayFS",
      dependencies: [
        "LinuxSystem", "VFS", "Waiting", "BerayAPI", "Beray", "ZipArchive",
        .product(name: "Algorithms", package: "swift-algorithms"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .target(
      name: "BerayServer",
      dependencies: [
        "BerayAPI", "CCrypto", "CLinux", "EventLoops", "LinuxSystem", "Waiting", "ZipArchive",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "GRDB", package: "GRDB.swift", condition: command),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird", condition: command),
        .product(name: "HummingbirdCore", package: "hummingbird", condition: command),
        .product(name: "HummingbirdTLS", package: "hummingbird", condition: command),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: command),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .target(
      name: "BerayCommand",
      dependencies: [
        "CFuse", "CLinux", "LinuxSystem", "VFS", "Waiting", "Fuse", "BerayAPI", "Beray", "BerayFS", "BerayServer",
        .product(name: "ArgumentParser", package: "swift-argument-parser", condition: command),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .plugin(name: "BuildCommit", capability: .buildTool(), path: "Sources/BuildCommit"),
    .executableTarget(name: "beray-fs", dependencies: ["BerayCommand"], plugins: ["BuildCommit"]),
    .testTarget(
      name: "LinuxSystemTests",
      dependencies: ["CLinux", "LinuxSystem", .product(name: "SystemPackage", package: "swift-system")]),
    .testTarget(
      name: "WaitingTests", dependencies: ["Waiting", .product(name: "SystemPackage", package: "swift-system")]),
    .testTarget(name: "VFSTests", dependencies: ["VFS"]),
    .target(
      name: "PosixFacts", dependencies: ["CLinux", "VFS", .product(name: "SystemPackage", package: "swift-system")],
      path: "Tests/PosixFacts"),
    .executableTarget(name: "posix-facts", dependencies: ["PosixFacts"], path: "Tests/PosixFactsProgram"),
    .testTarget(
      name: "FuseTests",
      dependencies: [
        "CFuse", "CLinux", "Fuse", "LinuxSystem", "PosixFacts", "VFS", "posix-facts",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .testTarget(name: "ZipArchiveTests", dependencies: ["ZipArchive"]),
    .testTarget(name: "BerayAPITests", dependencies: ["BerayAPI"]),
    .testTarget(
      name: "BerayTests",
      dependencies: [
        "Beray", "BerayAPI",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ], exclude: ["PublicAPI.txt"]),
    .testTarget(
      name: "BerayFSTests",
      dependencies: [
        "BerayFS", "BerayAPI", "Beray", "PosixFacts", "VFS", "Waiting", "ZipArchive",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .testTarget(
      name: "BerayServerTests",
      dependencies: [
        "BerayServer", "BerayAPI", "Beray", "BerayFS", "CLinux", "LinuxSystem", "PosixFacts", "VFS", "ZipArchive",
        "beray-fs",
        .product(name: "GRDB", package: "GRDB.swift", condition: command),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ], exclude: ["Conformance/conformance.py", "AgentLines"]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "beray-fs", "BerayCommand", "BerayAPI", "Beray", "BerayServer", "CLinux", "LinuxSystem",
        .product(name: "ArgumentParser", package: "swift-argument-parser", condition: command),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]),
    .testTarget(
      name: "MountTests", dependencies: ["beray-fs", "PosixFacts", "posix-facts"], exclude: ["Servers", "Model"]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system && target.type != .plugin {
  target.swiftSettings = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ]
}

// The program as it is installed has empty data for the ICU of the toolchain's static Foundation: 34 MB less. The variable
// names the symbol; scripts/build-release sets it.
if let symbol = Context.environment["BERAY_FS_ICU_DATA"] {
  package.targets.append(.target(name: "CICUData", cSettings: [.define("ICU_DATA", to: symbol)]))
  package.targets.first { $0.name == "beray-fs" }?.dependencies.append("CICUData")
}
