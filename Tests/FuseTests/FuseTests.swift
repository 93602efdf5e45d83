import Testing
@Test func placeholderFuseTests() {}
