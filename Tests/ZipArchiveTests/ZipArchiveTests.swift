import Testing
@Test func placeholderZipArchiveTests() {}
