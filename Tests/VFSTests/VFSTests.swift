import Testing
@Test func placeholderVFSTests() {}
